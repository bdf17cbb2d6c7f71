"""A figure's files as addresses that hold the files themselves."""

import struct
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.reporting.notes import SAMPLE
from pipeline_lib.reporting.page.record import FigureFile

PNG = b"\x89PNG\r\n\x1a\n"
LARGEST_CSV = 200_000


@dataclass(frozen=True)
class Embedded:
    """A figure for an `img`, sizes in pixels; csv is None where the file is too large to embed."""

    name: str
    caption: str
    png: str
    width: int
    height: int
    csv: str | None
    csv_file: Path


def embed(file: FigureFile) -> Embedded:
    """Read a figure's files; raise ValueError when the image is no PNG."""
    image = file.png.read_bytes()
    if not image.startswith(PNG):
        raise ValueError(f"{file.png} is no PNG file")
    width, height = struct.unpack(">II", image[16:24])
    return Embedded(
        name=file.name,
        caption=file.caption.removeprefix(f"{SAMPLE}. "),  # the page says so itself
        png=_address("image/png", image),
        width=width,
        height=height,
        csv=_csv(file.csv),
        csv_file=file.csv,
    )


def _csv(path: Path) -> str | None:
    if path.stat().st_size > LARGEST_CSV:
        return None
    return _address("text/csv;charset=utf-8", path.read_bytes())


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"
