"""Compressed files are read whatever their names; other formats are named, and damage is told."""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest
from backports import zstd

from pipeline_lib.data.raw.encoding import RawFileError
from pipeline_lib.data.raw.table import open_table
from pipeline_lib.settings.tables import Table

TEXT = "a,b\n1,é\n2,x\n".encode()


def zipped(content: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return file.getvalue()


def tarred(content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("t.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
    "zip": lambda content: zipped(content, "folder/", "folder/t.csv", "__MACOSX/folder/._t.csv"),
}


def fields(folder: Path, content: bytes, name: str, **how: object) -> list[tuple[str, ...]]:
    (folder / name).write_bytes(content)
    (scratch := folder / "scratch").mkdir(exist_ok=True)
    table = Table.model_validate({"file": name, **how})
    raw = open_table(folder / name, table, scratch)
    assert raw.file == name
    return raw.rows.select(raw.column("a"), raw.column("b")).collect().rows()


def refusal(folder: Path, content: bytes, name: str = "t.csv") -> str:
    with pytest.raises(RawFileError) as caught:
        fields(folder, content, name)
    assert str(caught.value).startswith(str(folder / name))
    return str(caught.value).removeprefix(str(folder / name))


def test_compressed_files_are_read_by_what_they_are_not_by_their_names(tmp_path: Path) -> None:
    expected = [("1", "é"), ("2", "x")]
    latin = TEXT.decode().encode("latin-1")
    for suffix, pack in PACKERS.items():
        for name in (f"t.csv.{suffix}", "t.csv", "t.csv.gz"):
            assert fields(tmp_path, pack(TEXT), name) == expected, (suffix, name)
        assert fields(tmp_path, pack(latin), f"u.csv.{suffix}", encoding="latin-1") == expected
        tabs = TEXT.replace(b",", b"\t")
        assert fields(tmp_path, pack(tabs), f"t.tsv.{suffix}") == expected
    twice = gzip.compress(TEXT[:6]) + gzip.compress(TEXT[6:])  # as log rotation appends them
    assert fields(tmp_path, twice, "t.csv.gz") == expected


def test_compressed_parquet_is_read(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1, 2], "b": ["é", "x"]}).write_parquet(tmp_path / "plain")
    content = (tmp_path / "plain").read_bytes()
    assert fields(tmp_path, gzip.compress(content), "t.parquet.gz") == [("1", "é"), ("2", "x")]
    message = ": is Parquet, not text; name it ….parquet, there and under `file`"
    assert refusal(tmp_path, content) == message


def test_what_is_cut_off_or_damaged_is_named(tmp_path: Path) -> None:
    content = "".join(f"{n},{n * n}\n" for n in range(5000)).encode()
    for suffix, pack in PACKERS.items():
        packed = pack(content)
        middle = len(packed) // 2
        for broken in (packed[:middle], packed[:middle] + b"\0" * 50 + packed[middle + 50 :]):
            message = refusal(tmp_path, broken)
            assert " file cannot be unpacked (" in message, suffix
            assert message.endswith("); download it again, or unpack it by hand"), suffix


def test_a_zip_archive_of_several_files_lists_them(tmp_path: Path) -> None:
    assert refusal(tmp_path, zipped(TEXT, "a.csv", "b.csv")) == (
        " is a zip archive of 2 files (a.csv, b.csv); unpack it, and name the file that is meant"
    )
    assert "is a zip archive of 0 files ()" in refusal(tmp_path, zipped(TEXT, "a/"))
    assert refusal(tmp_path, zipped(b"", "[Content_Types].xml", "xl/workbook.xml")).startswith(
        " is an Excel or another Office document; write the table as CSV or Parquet"
    )


def test_formats_that_hold_no_text_are_named_by_their_first_bytes(tmp_path: Path) -> None:
    for content, words in (
        (b"7z\xbc\xaf\x27\x1c\0\0", "is a 7z archive, not text; unpack it"),
        (b"SQLite format 3\0", "is an SQLite database, not text; write the table as CSV"),
        (b"\x89HDF\r\n\x1a\n", "is an HDF5 file, not text; write the table as CSV or Parquet"),
        (b"\n <!DocType HTML>\n<html>", "is a web page, not text; download it again"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS, not text; get"),
        (tarred(TEXT), "is a tar archive, not text; unpack it"),
    ):
        assert refusal(tmp_path, content).startswith(f": {words}")
        assert refusal(tmp_path, gzip.compress(content)).startswith(f": what is in it {words}")
    doubly = gzip.compress(gzip.compress(TEXT))
    assert refusal(tmp_path, doubly) == ": what is in it is compressed twice, not text; unpack it"


def test_a_text_that_begins_like_another_format_is_a_text(tmp_path: Path) -> None:
    for name in ("PAR1", "BZh", "PK", "Rar!", "ORC", "version"):
        table = Table(file="t.csv")
        (tmp_path / "t.csv").write_text(f"{name},b\n1,2\n")
        raw = open_table(tmp_path / "t.csv", table, tmp_path)
        assert raw.columns == (name, "b")


def test_the_line_is_that_of_the_unpacked_text(tmp_path: Path) -> None:
    message = refusal(tmp_path, gzip.compress(b"a,b\n1,\xe9\n"))
    assert message.startswith(", line 2, byte column 3: not UTF-8; say under `encoding`")
    assert refusal(tmp_path, gzip.compress(b"")) == " is empty; unpack or download it again"


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_missing_file_or_a_folder_is_named_with_the_remedy(tmp_path: Path, name: str) -> None:
    for _ in range(2):
        with pytest.raises(RawFileError) as caught:
            open_table(tmp_path / name, Table(file=name), tmp_path)
        empty = name == "t.parquet" and (tmp_path / name).exists()
        expected = "holds no Parquet file; put them" if empty else "does not exist; put it"
        assert str(caught.value) == f"{tmp_path / name} {expected} there or correct raw_dir"
        (tmp_path / name).mkdir(exist_ok=True)
