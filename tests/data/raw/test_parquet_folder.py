"""A folder of Parquet files is one table."""

from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.data.raw.encoding import RawFileError
from pipeline_lib.data.raw.parquet import NULL
from pipeline_lib.data.raw.table import open_table
from pipeline_lib.jobs.checksums import Checksums
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.settings.tables import Table
from tests.data.shop import SHOP, clean_shop, count

TABLE = {"file": "ratings.parquet", "filters": [{"column": "month", "values": [1, 2]}]}
RATINGS = {
    "month=1/b.parquet": [("1", "a", 3.0)],
    "month=1/a.parquet": [("1", "b", 4.5), ("1", "b", 2.0)],
    "month=2/a.parquet": [("2", "a", 1.0), ("2", "b", 9.0)],
    "month=3/a.parquet": [("2", "b", 2.0)],
}


def write(folder: Path, name: str = "ratings.parquet") -> None:
    for path, rows in RATINGS.items():
        (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
        frame = pl.DataFrame(rows, schema=["user", "item", "target"], orient="row")
        frame.write_parquet(folder / name / path)
    (folder / name / "_SUCCESS").write_text("")
    (folder / name / "_delta_log").mkdir()
    (folder / name / "_delta_log/0.parquet").write_bytes(b"of the writer")


def test_all_files_are_one_table_with_the_values_of_folders(tmp_path: Path) -> None:
    write(tmp_path)
    logs = clean_shop(tmp_path, interactions=TABLE)
    assert sorted(logs.interactions.rows()) == [("1", "a", 3.0), ("1", "b", 4.5), ("2", "a", 1.0)]
    found = count(logs, "ratings.parquet")
    assert (found.read, found.kept, found.rejected) == (6, 3, 3)
    rejects = logs.rejects.sort("line").select("line", "column", "reason", "text").rows()
    assert rejects == [
        (2, None, "another row of this user and item is taken", "month=1/a.parquet:2\t1\tb\t2\t1"),
        (5, "target", "outside the scale 1 to 5", "month=2/a.parquet:2\t2\tb\t9\t2"),
        (6, "month", "not one of 1, 2", "month=3/a.parquet:1\t2\tb\t2\t3"),
    ]


def test_a_folder_may_have_any_name_that_ends_in_a_slash(tmp_path: Path) -> None:
    write(tmp_path, "plays")
    table = open_table(tmp_path / "plays", Table(file="plays/"), tmp_path)
    assert table.columns == ("user", "item", "target", "month")
    assert table.rows.select(pl.len()).collect().item() == 6
    log = LogSettings.model_validate(SHOP | {"interactions": {"file": "plays/"}})
    paths = [tmp_path / name for name in ("users.csv", "items.csv", "plays")]
    assert log.raw_files(paths)["interactions"] == tmp_path / "plays"


OTHERS = {
    "another column": (("user", "item", "stars"), "target (None, not Float64), stars (Float64"),
    "a column less": (("user", "item"), "target (None, not Float64)"),
    "another type": (("user", "target", "item"), "target (String, not Float64), item (Float64"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_a_file_of_other_columns_is_refused_by_name(other: str, tmp_path: Path) -> None:
    write(tmp_path)
    columns, found = OTHERS[other]
    rows = pl.DataFrame([("1", "a", 1.0)], ["user", "item", "target"], orient="row")
    renamed = rows.select(pl.nth(n).alias(name) for n, name in enumerate(columns))
    renamed.write_parquet(tmp_path / "ratings.parquet/month=2/z.parquet")
    with pytest.raises(RawFileError) as caught:
        clean_shop(tmp_path, interactions=TABLE)
    text = str(caught.value)
    assert "ratings.parquet/month=2/z.parquet has other columns than month=1/a.parquet: " in text
    assert all(part in text for part in found.split(", "))


def test_a_file_outside_the_folders_that_give_a_value_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    there = tmp_path / "ratings.parquet"
    (there / "month=2/a.parquet").rename(there / "z.parquet")
    with pytest.raises(RawFileError, match=r"z\.parquet has other columns .*month \(None, not of"):
        clean_shop(tmp_path, interactions=TABLE)


def test_a_file_that_is_none_of_parquets_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "ratings.parquet/month=2/000000_0").write_text("1,a,3")
    with pytest.raises(RawFileError, match=r"ratings\.parquet/month=2/000000_0 is no Parquet file"):
        clean_shop(tmp_path, interactions=TABLE)


def test_values_of_folders_are_read_as_they_are_written(tmp_path: Path) -> None:
    """Leading zeros, days, what is escaped, none at all, and a folder above that looks like one."""
    folder = tmp_path / "of=mine" / "plays"
    for name in ("dt=2024-01-01/shop=07", "dt=2024-01-02/shop=a%2Fb", f"dt=2024-01-03/shop={NULL}"):
        (folder / name).mkdir(parents=True)
        pl.DataFrame({"user": ["u"]}).write_parquet(folder / name / "000000_0")
    table = open_table(folder, Table(file="plays/"), tmp_path)
    assert table.columns == ("user", "dt", "shop")
    assert table.rows.select("raw_dt", "raw_shop", "text").collect().rows() == [
        ("2024-01-01", "07", "dt=2024-01-01/shop=07/000000_0:1\tu\t2024-01-01\t07"),
        ("2024-01-02", "a/b", "dt=2024-01-02/shop=a%2Fb/000000_0:1\tu\t2024-01-02\ta/b"),
        ("2024-01-03", None, f"dt=2024-01-03/shop={NULL}/000000_0:1\tu\t2024-01-03\t"),
    ]


def test_a_folders_checksum_is_that_of_all_its_files(tmp_path: Path) -> None:
    write(tmp_path)
    checksums, folder = Checksums(tmp_path / "memory.json"), tmp_path / "ratings.parquet"
    before = checksums.of(folder)
    assert checksums.of(folder) == before
    (folder / "month=1/b.parquet").rename(folder / "month=1/c.parquet")
    assert checksums.of(folder) != before
