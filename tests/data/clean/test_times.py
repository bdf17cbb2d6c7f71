"""Times of interactions: read from seconds, milliseconds and ISO texts, and held to a span."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline_lib.data.clean.times import EARLIEST, LATEST, as_time
from pipeline_lib.settings.columns import Time
from tests.conftest import Cleaned
from tests.data.shop import clean_shop, count

FILMS_AT = datetime(2000, 12, 31, 22, 12, 40, tzinfo=UTC)  # 978300760, the first of MovieLens-1M


def times(unit: str, *texts: str | None) -> list[datetime | None]:
    column = Time.model_validate({"unit": unit})
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return frame.select(as_time(pl.col("text"), column)).to_series().to_list()


def test_seconds_and_milliseconds_count_from_1970() -> None:
    assert times("seconds", "978300760", "978300760.0", "9.7830076e8", "0", "-1.5") == [
        *[FILMS_AT] * 3,
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=UTC),
    ]
    assert times("milliseconds", "978300760123") == [FILMS_AT.replace(microsecond=123_000)]


def test_iso_texts_are_in_utc_unless_they_say_otherwise() -> None:
    day = datetime(2020, 2, 29, tzinfo=UTC)
    noon = day.replace(hour=12, minute=30)
    assert times("iso", "2020-02-29", "2020-02-29 00:00", "2020-02-29T00:00:00Z") == [day] * 3
    assert times("iso", "2020-02-29 12:30:00", "2020-02-29T12:30:00.000") == [noon] * 2
    assert times("iso", "2020-02-29T14:30:00+02:00", "2020-02-29 07:00 -0530") == [noon] * 2
    assert times("iso", "2020-02-29 12:30:00.25") == [noon.replace(microsecond=250_000)]


def test_what_is_no_time_is_null() -> None:
    numbers = (None, "", "x", "nan", "inf", "1e30", "978300760123", "2020-01-01")
    assert times("seconds", *numbers) == [None] * len(numbers)
    texts = (None, "", "978300760", "2020-02-30", "2020-13-01", "29.02.2020", "2020-02-29 25:00")
    assert times("iso", *texts, "1899-12-31", "2200-01-01") == [None] * (len(texts) + 2)


@given(
    time=st.datetimes(
        EARLIEST.replace(tzinfo=None) + timedelta(days=1),
        LATEST.replace(tzinfo=None) - timedelta(days=1),
    ),
    minutes=st.integers(-14 * 60, 14 * 60),
)
def test_what_python_writes_is_read(time: datetime, minutes: int) -> None:
    time = time.replace(microsecond=time.microsecond // 1000 * 1000, tzinfo=UTC)
    there = time.astimezone(timezone(timedelta(minutes=minutes)))
    since_1970 = (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert times("iso", there.isoformat(), there.isoformat(" ", "milliseconds")) == [time] * 2
    assert times("milliseconds", str(since_1970)) == [time]


ROWS = ["1,a,3,2020-01-01", "1,b,4,2020-06-30T23:59:59Z", "2,a,1,2020-07-01", "2,b,1,", "2,b,2,x"]


def ratings(folder: Path, rows: list[str], repeats: str = "first", **time: str) -> Cleaned:
    table = {"file": "ratings.csv", "repeats": repeats, "time": {"column": "at", **time}}
    files = {"ratings.csv": ["user,item,target,at", *rows]}
    return clean_shop(folder, files, interactions=table)


def test_times_are_kept_and_rows_without_one_are_rejected(tmp_path: Path) -> None:
    logs = ratings(tmp_path, ROWS, unit="iso")
    assert logs.interactions["time"].to_list() == [
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime(2020, 6, 30, 23, 59, 59, tzinfo=UTC),
        datetime(2020, 7, 1, tzinfo=UTC),
    ]
    assert logs.rejects.select("line", "column", "reason").rows() == [
        (5, "at", "blank"),
        (6, "at", "not an ISO 8601 time from 1900 to 2200"),
    ]


def test_rows_outside_the_span_are_rejected(tmp_path: Path) -> None:
    """A span begins with `since` and ends before `until`."""
    logs = ratings(tmp_path, ROWS[:3], unit="iso", since="2020-01-02", until="2020-07-01")
    assert logs.interactions.select("user", "item").rows() == [("1", "b")]
    assert count(logs, "ratings.csv").reasons == {
        "at: before 2020-01-02 00:00": 1,
        "at: not before 2020-07-01 00:00": 1,
    }


@pytest.mark.parametrize(
    ("repeats", "kept"), [("first", (2, 30)), ("last", (4, 50)), ("highest", (5, 40))]
)
def test_the_first_and_the_last_of_several_rows_are_so_by_time(
    tmp_path: Path, repeats: str, kept: tuple[int, int]
) -> None:
    """Rows at the same time count in the order of their lines."""
    rows = ["1,a,5,40", "1,a,2,30", "1,a,3,50", "1,a,1,30", "1,a,4,50"]
    logs = ratings(tmp_path, rows, repeats, unit="seconds")
    ((target, time),) = logs.interactions.select("target", "time").rows()
    assert (target, time.second) == kept
    assert logs.rejects.height == 4


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ({"column": "at"}, "unit"),
        ({"unit": "hours"}, "seconds"),
        ({"unit": "iso", "since": "2021-01-01", "until": "2021-01-01"}, "since must be earlier"),
        ({"unit": "iso", "since": "soon"}, "since"),
    ],
)
def test_wrong_settings_are_refused(time: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Time.model_validate(time)


def test_settings_are_the_same_after_a_dump() -> None:
    time = Time.model_validate({"unit": "iso", "since": "2020-01-01T02:00+02:00"})
    assert time.since == datetime(2020, 1, 1, tzinfo=UTC)
    assert Time.model_validate(time.model_dump(mode="json")) == time
