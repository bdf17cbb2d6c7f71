"""Decode a raw file, or say where and why it cannot be the encoding it should be in."""

from pathlib import Path

from pipeline_lib.data.errors import RawFileError

ICONV_NAMES = {"latin-1": "ISO-8859-1", "utf-8": "UTF-8"}


def decode(path: Path, encoding: str) -> str:
    """Decode a whole file in `latin-1` or `utf-8`.

    Raises RawFileError when the file is missing, empty or in another encoding, naming the line.
    Any bytes are Latin-1, but text with bytes above 127 that is UTF-8 is hardly meant as Latin-1.
    """
    if not path.is_file():
        raise RawFileError(f"{path} does not exist; put it there or correct raw_dir")
    data = path.read_bytes()
    if not data.strip():
        raise RawFileError(f"{path} is empty; unpack or download it again")
    if b"\0" in data:
        raise _wrong_encoding(path, data, data.find(b"\0"), encoding, "UTF-16")
    if encoding == "latin-1" and not data.isascii() and _is_utf8(data):
        first = next(i for i, byte in enumerate(data) if byte > 127)
        raise _wrong_encoding(path, data, first, encoding, "UTF-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _wrong_encoding(path, data, error.start, encoding, "ISO-8859-1") from error


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wrong_encoding(path: Path, data: bytes, at: int, encoding: str, found: str) -> RawFileError:
    line = data.count(b"\n", 0, at) + 1
    column = at - (data.rfind(b"\n", 0, at) + 1) + 1
    return RawFileError(
        f"{path}, line {line}, byte column {column}: the file is in {found}, "
        f"not {encoding}; convert it with `iconv -f {found} -t {ICONV_NAMES[encoding]}` or take "
        "the original file"
    )
