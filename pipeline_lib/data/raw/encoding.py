"""Read a raw text file as UTF-8, or raise where and why it is not what it should be."""

import codecs
from collections.abc import Iterator
from pathlib import Path

CHUNK = 2**24  # bytes
ICONV_NAMES = {"latin-1": "ISO-8859-1", "utf-8": "UTF-8"}


class RawFileError(Exception):
    """A raw file is missing, empty, wrongly encoded or of another layout."""


def as_utf8(path: Path, encoding: str, scratch: Path) -> Path:
    """Return a UTF-8 file with the text of `path`: itself, or a copy in the folder `scratch`.

    Raises RawFileError when the file is missing, empty or in another encoding, with the line. All
    bytes are valid Latin-1, but a file with bytes above 127 that is valid UTF-8 hardly is Latin-1.
    """
    if not path.is_file():
        raise RawFileError(f"{path} does not exist; put it there or correct raw_dir")
    blank, plain = True, True
    for start, chunk in _chunks(path):
        if (at := chunk.find(b"\0")) >= 0:
            raise _wrong_encoding(path, start + at, encoding, "UTF-16")
        blank, plain = blank and not chunk.strip(), plain and chunk.isascii()
    if blank:
        raise RawFileError(f"{path} is empty; unpack or download it again")
    if plain:
        return path
    wrong = _not_utf8(path)
    if encoding == "utf-8":
        if wrong is not None:
            raise _wrong_encoding(path, wrong, encoding, "ISO-8859-1")
        return path
    if wrong is None:
        raise _wrong_encoding(path, _first_above_127(path), encoding, "UTF-8")
    return _transcoded(path, encoding, scratch)


def _chunks(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield file.tell() - len(chunk), chunk


def _not_utf8(path: Path) -> int | None:
    """Return the offset of the first byte that is not UTF-8, None if all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start, chunk in _chunks(path):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return start - pending + error.start
    pending = len(decoder.getstate()[0])
    return path.stat().st_size - pending if pending else None


def _first_above_127(path: Path) -> int:
    chunks = ((start, chunk) for start, chunk in _chunks(path) if not chunk.isascii())
    start, chunk = next(chunks)
    return start + next(i for i, byte in enumerate(chunk) if byte > 127)


def _transcoded(path: Path, encoding: str, scratch: Path) -> Path:
    copy = scratch / path.name
    with copy.open("wb") as file:
        for _, chunk in _chunks(path):
            file.write(chunk.decode(encoding).encode("utf-8"))
    return copy


def _wrong_encoding(path: Path, at: int, encoding: str, found: str) -> RawFileError:
    with path.open("rb") as file:
        before = file.read(at)
    line, column = before.count(b"\n") + 1, at - (before.rfind(b"\n") + 1) + 1
    return RawFileError(
        f"{path}, line {line}, byte column {column}: the file is in {found}, "
        f"not {encoding}; convert it with `iconv -f {found} -t {ICONV_NAMES[encoding]}` or take "
        "the original file"
    )
