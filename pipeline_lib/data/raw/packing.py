"""Name a raw file's format by its first bytes, and unpack one that is compressed."""

import bz2
import gzip
import lzma
import shutil
import zlib
from collections.abc import Callable
from io import BufferedIOBase
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

from backports import zstd

from pipeline_lib.data.raw.encoding import RawFileError

CHUNK = 2**24  # bytes
HEAD = 512  # bytes that tell a format
ZIP = b"PK\x03\x04"
Opener = Callable[[Path], BufferedIOBase | IO[bytes]]
OPENERS: dict[bytes, tuple[str, Opener]] = {
    b"\x1f\x8b\x08": ("gzip", gzip.GzipFile),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMAFile),
    b"\x28\xb5\x2f\xfd": ("Zstandard", zstd.ZstdFile),
    **{b"BZh%d1AY&SY" % level: ("bzip2", bz2.BZ2File) for level in range(1, 10)},
}
# What the libraries raise on damaged, encrypted or unsupported content.
DAMAGED = (BadZipFile, EOFError, lzma.LZMAError, OSError, RuntimeError, zlib.error, zstd.ZstdError)
# Formats that hold no text, and what to do about them.
UNPACK, CONVERT, AGAIN = "unpack it", "write the table as CSV or Parquet", "download it again"
NO_TEXT = {
    b"PAR1\x15": ("Parquet", "name it ….parquet, there and under `file`"),
    b"PK\x05\x06": ("an empty zip archive", AGAIN),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", UNPACK),
    b"Rar!\x1a\x07": ("a rar archive", UNPACK),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an old Office document", CONVERT),
    b"ARROW1\x00\x00": ("an Arrow or Feather file", CONVERT),
    b"Obj\x01": ("an Avro file", CONVERT),
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file", CONVERT),
    b"SQLite format 3\x00": ("an SQLite database", CONVERT),
    b"%PDF-": ("a PDF document", CONVERT),
    b"<!doctype": ("a web page", AGAIN),
    b"<html": ("a web page", AGAIN),
    b"version https://git-lfs": ("a pointer of Git LFS", "get the file by `git lfs pull`"),
    **dict.fromkeys([*OPENERS, ZIP], ("compressed twice", UNPACK)),
}
TAR_AT = 257  # where a tar archive says that it is one


def unpacked(path: Path, scratch: Path) -> Path:
    """Return a file without its compression: itself, or a copy in the folder `scratch`.

    Reads gzip, bzip2, xz, Zstandard, and zip archives of one file, whatever the file's name.
    Raises RawFileError when the file is missing or cannot be unpacked.
    """
    if not path.is_file():
        raise RawFileError(f"{path} does not exist; put it there or correct raw_dir")
    head = _head(path)
    for magic, (name, opener) in {**OPENERS, ZIP: ("zip", _only_member)}.items():
        if head.startswith(magic):
            copy = scratch / f"unpacked-{path.name}"
            _unpack(path, name, opener, copy)
            return copy
    return path


def _unpack(path: Path, name: str, opener: Opener, copy: Path) -> None:
    try:
        with opener(path) as packed, copy.open("wb") as file:
            shutil.copyfileobj(packed, file, CHUNK)
    except DAMAGED as error:
        raise RawFileError(
            f"{path}: this {name} file cannot be unpacked ({error}); download it again, or unpack "
            "it by hand"
        ) from error


def check_text(path: Path, raw: Path) -> None:
    """Raise RawFileError if a file has the first bytes of a format that holds no text.

    raw: the file that it was unpacked from, or itself.
    """
    if found := _no_text(_head(path)):
        inside = "" if path == raw else "what is in it "
        raise RawFileError(f"{raw}: {inside}is {found[0]}, not text; {found[1]}")


def _no_text(head: bytes) -> tuple[str, str] | None:
    """Return the format of a file that begins so, and what to do about it; None of a text."""
    if head[TAR_AT:].startswith(b"ustar"):
        return "a tar archive", UNPACK
    starts = (head, head.lstrip().lower())  # a web page may begin with blanks, in any case
    found = (one for magic, one in NO_TEXT.items() if any(s.startswith(magic) for s in starts))
    return next(found, None)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)


def _only_member(path: Path) -> IO[bytes]:
    with ZipFile(path) as archive:
        names = [one.filename for one in archive.infolist() if not one.is_dir()]
        files = [name for name in names if not name.startswith("__MACOSX/")]
        if "[Content_Types].xml" in files:
            raise RawFileError(f"{path} is an Excel or another Office document; {CONVERT}")
        if len(files) != 1:
            raise RawFileError(
                f"{path} is a zip archive of {len(files)} files ({', '.join(files[:5])}); unpack "
                "it, and name the file that is meant"
            )
        return archive.open(files[0])
