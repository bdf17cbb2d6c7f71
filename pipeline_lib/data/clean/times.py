"""Compute points in time from clean texts, and what is wrong with the others."""

from datetime import UTC, datetime

import polars as pl

from pipeline_lib.data.clean.checks import Check
from pipeline_lib.data.clean.values import BLANK, as_number
from pipeline_lib.schemas.columns import TIME
from pipeline_lib.settings.columns import Time

PER_UNIT = {"seconds": 1000, "milliseconds": 1}  # milliseconds in one
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
ISO = r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?)? ?(Z|[+-]\d{2}:?\d{2})?$"


def as_time(text: pl.Expr, column: Time) -> pl.Expr:
    """Convert texts to points in time, null where they are none from 1900 to before 2200.

    A day alone is its midnight; without an offset a time is in UTC.
    """
    time = _from_iso(text) if column.unit == "iso" else _from_number(text, PER_UNIT[column.unit])
    return pl.when(time.is_between(EARLIEST, LATEST, closed="left")).then(time)


def time_checks(text: pl.Expr, column: Time) -> list[Check]:
    """Return the checks of a time: that it is one, and neither too early nor too late."""
    name, time = column.column or "time", as_time(text, column)
    kind = "an ISO 8601 time" if column.unit == "iso" else f"a time in {column.unit}"
    checks = [
        Check(name, text.is_null(), BLANK),
        Check(name, time.is_null(), f"not {kind} from 1900 to 2200"),
    ]
    if column.since:
        checks.append(Check(name, time < column.since, f"before {column.since:%Y-%m-%d %H:%M}"))
    if column.until:
        late = f"not before {column.until:%Y-%m-%d %H:%M}"
        checks.append(Check(name, time >= column.until, late))
    return checks


def _from_iso(text: pl.Expr) -> pl.Expr:
    parts = text.str.extract_groups(ISO).struct
    day, minute, second, offset = (parts.field(str(n)) for n in range(1, 5))
    whole = pl.concat_str(
        *(day, pl.lit("T"), minute.fill_null("00:00"), second.fill_null(":00")),
        offset.replace("Z", "+00:00").fill_null("+00:00"),
    )
    return whole.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="ms", strict=False)


def _from_number(text: pl.Expr, milliseconds: int) -> pl.Expr:
    count = (as_number(text) * milliseconds).round()
    return count.cast(pl.Int64, strict=False).cast(TIME)
