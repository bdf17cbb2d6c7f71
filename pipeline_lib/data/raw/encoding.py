"""Read a raw text file as UTF-8, or raise where and why it is not what it should be."""

import codecs
from collections.abc import Iterator
from pathlib import Path

CHUNK = 2**24  # bytes
WIDE = ("utf-16", "utf-32")  # several bytes a character, NUL bytes among them
REMEDY = (
    "say under `encoding` what the file is in, for example `encoding: latin-1`, "
    "`encoding: windows-1252` or `encoding: utf-16`"
)


class RawFileError(Exception):
    """A raw file is missing, empty, wrongly encoded or of another layout."""


def as_utf8(path: Path, encoding: str, scratch: Path, raw: Path) -> Path:
    """Return a UTF-8 file with the text of `path`: itself, or a copy in the folder `scratch`.

    raw: the file that it was unpacked from, or itself. Raises RawFileError with the line when it
    is empty or not in `encoding`. All bytes are valid Latin-1, but a file with bytes above 127
    that is valid UTF-8 hardly is in another encoding.
    """
    codec = codecs.lookup(encoding).name
    wide, plain = codec.startswith(WIDE), True
    for start, chunk in _chunks(path):
        if not wide and (at := chunk.find(b"\0")) >= 0:
            raise _wrong(path, start + at, raw, f"a NUL byte, so not {encoding}; {REMEDY}")
        plain = plain and chunk.isascii()
    same = codec in ("utf-8", "utf-8-sig") or (plain and codec == "iso8859-1")
    if not (same and plain):
        _check_decodes(path, encoding, raw)
    if not (same or wide or plain) and _undecodable(path, "utf-8") is None:
        first = next(at for at, byte in enumerate(_bytes(path)) if byte > 127)
        raise _wrong(path, first, raw, f"UTF-8, not {encoding}; take `encoding: {encoding}` out")
    source = path if same else _transcoded(path, encoding, scratch)
    if not any(chunk.strip() for _, chunk in _chunks(source)):
        raise RawFileError(f"{raw} is empty; unpack or download it again")
    return source


def _check_decodes(path: Path, encoding: str, raw: Path) -> None:
    if (at := _undecodable(path, encoding)) is not None:
        name = "UTF-8" if encoding == "utf-8" else encoding
        raise _wrong(path, at, raw, f"not {name}; {REMEDY}")


def _chunks(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield file.tell() - len(chunk), chunk


def _bytes(path: Path) -> Iterator[int]:
    return (byte for _, chunk in _chunks(path) for byte in chunk)


def _undecodable(path: Path, encoding: str) -> int | None:
    """Return the offset of the first byte that is not in an encoding, None if all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for start, chunk in _chunks(path):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk)
        except UnicodeError as error:
            return start - pending + getattr(error, "start", 0)
    pending = len(decoder.getstate()[0])
    return path.stat().st_size - pending if pending else None


def _transcoded(path: Path, encoding: str, scratch: Path) -> Path:
    copy, decoder = scratch / f"utf-8-{path.name}", codecs.getincrementaldecoder(encoding)()
    with copy.open("wb") as file:
        for _, chunk in _chunks(path):
            file.write(decoder.decode(chunk).encode("utf-8"))
    return copy


def _wrong(path: Path, at: int, raw: Path, what: str) -> RawFileError:
    with path.open("rb") as file:
        before = file.read(at)
    line, column = before.count(b"\n") + 1, at - (before.rfind(b"\n") + 1) + 1
    return RawFileError(f"{raw}, line {line}, byte column {column}: {what}")
