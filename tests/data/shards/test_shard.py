"""Shards share no user, have all of them, and do not move."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.clean.clean import clean
from pipeline_lib.data.shards.clean import clean_shard, listed_items
from pipeline_lib.data.shards.gather import gather_clean
from pipeline_lib.data.shards.shard import Shard
from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.tables import UserTable

NAMES = st.lists(st.one_of(st.none(), st.text(max_size=8)), max_size=60)


@given(names=NAMES, count=st.integers(1, 9))
def test_every_row_is_in_one_shard_and_a_user_in_one_alone(
    names: list[str | None], count: int
) -> None:
    rows = pl.DataFrame({"user": names}, schema={"user": pl.String}).with_row_index()
    parts = [rows.filter(Shard(n, count).has(pl.col("user"))) for n in range(1, count + 1)]
    assert pl.concat(parts).sort("index").equals(rows)
    users = [
        set(part["user"].drop_nulls().filter(part["user"].drop_nulls() != "")) for part in parts
    ]
    assert sum(map(len, users)) == len(set().union(*users))


def test_a_user_is_in_the_same_shard_for_good() -> None:
    """CRC-32 of `user`, as gzip has it too, is 2375276105: 6 by 7."""
    user = pl.lit("user", dtype=pl.String)
    found = [n for n in range(1, 8) if pl.select(Shard(n, 7).has(user)).item()]
    assert found == [2375276105 % 7 + 1]


@pytest.mark.parametrize("name", [None, ""])
def test_what_names_no_user_is_in_the_first_shard(name: str | None) -> None:
    rows = pl.DataFrame({"user": [name, "user"]}, schema={"user": pl.String})
    assert name in rows.filter(Shard(1, 7).has(pl.col("user")))["user"]


def test_what_snakemake_calls_a_shard_is_read() -> None:
    assert Shard.parse("2-of-8") == Shard(2, 8)


# Shapes, ids, scales, repeats and references that are wrong, of users in all shards.
HOSTILE = [
    "1::1::5::978300760::9",
    "::1::5::978300760",
    "99::1::5::978300760",
    "1::99::5::978300760",
    "2::1::7::978300760",
    "2::1::x::978300760",
    "1::1::5::978300760",
    "1::1::5::978300760",
    "nonsense",
    "",
]


def files_of(folder: Path) -> dict[str, Path]:
    folder.mkdir()
    names = ("users", "item_table", "interactions", "events", "rejects", "report")
    return {name: folder / name for name in names}


def test_what_is_wrong_is_rejected_by_the_same_bytes(
    movielens: Dataset, raw_lines: dict[str, list[str]], tmp_path: Path
) -> None:
    raw_lines["ratings.dat"] += HOSTILE
    raw_lines["users.dat"] += ["77::Q::25::6::12345", "78::M", raw_lines["users.dat"][0]]
    # Of both keys one is met by users of one shard only.
    replace = {"F": "F", "Q": "M", "X": ""}
    gender = movielens.user_features["gender"].model_copy(update={"replace": replace})
    features = movielens.user_features | {"gender": gender}
    more = UserTable(file="more.csv", separator="::")
    raw_lines["more.csv"] = ["user::town", "3::x", "99::y", "1::x", "1::y", "::x", "4", "2::x"]
    users = {"user_features": features, "users": (*movielens.users, more)}
    movielens = movielens.model_copy(update=users)
    files = {}
    for role, table in movielens.tables().items():
        files[role] = tmp_path / table.file
        text = "".join(f"{line}\n" for line in raw_lines[table.file])
        files[role].write_text(text, "utf-8" if "extra" in table.file else "latin-1")
    by_one_job = files_of(tmp_path / "one job")
    clean(files, movielens, by_one_job)
    assert pl.read_parquet(by_one_job["rejects"]).height >= len(HOSTILE)
    assert '"unmet":{"gender":["X"]}' in by_one_job["report"].read_text().replace("\n", "").replace(
        " ", ""
    )
    (scratch := tmp_path / "scratch").mkdir()
    items = listed_items(files, movielens, scratch)["item"]
    for count in (1, 3):
        folders = [tmp_path / f"{number}-of-{count}" for number in range(1, count + 1)]
        for number, folder in enumerate(folders, 1):
            folder.mkdir()
            clean_shard(files, movielens, items, Shard(number, count), folder)
        gathered = files_of(tmp_path / f"gathered-{count}")
        gather_clean(folders, files, movielens, gathered)
        for name, path in by_one_job.items():
            assert gathered[name].read_bytes() == path.read_bytes(), (count, name)
