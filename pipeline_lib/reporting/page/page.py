"""A run's report as one HTML page that needs nothing beside it."""

import struct
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from markupsafe import Markup

from pipeline_lib.reporting.page.data import DataView, data_view, source, templates
from pipeline_lib.reporting.page.report import DatasetPart, FigureFile, RunReport
from pipeline_lib.reporting.page.runs import Environments, environments, runs_table
from pipeline_lib.reporting.page.shown import ShownTable, runs_id, shown_table
from pipeline_lib.reporting.page.summary import Tile, dataset_tiles, run_tiles, verdict
from pipeline_lib.reporting.tables.table import METHODS, SAMPLE

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
        caption=file.caption.removeprefix(f"{SAMPLE}. "),  # the page says so once for all
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


@dataclass(frozen=True)
class DatasetView:
    """A dataset's part of the page, ready to be written out by `run_dataset.html`."""

    part: DatasetPart
    tiles: list[Tile]
    verdict: str | None
    tables: list[ShownTable]
    figures: list[Embedded]
    data: DataView
    runs: ShownTable


def run_page(report: RunReport) -> str:
    """Render the page; every text is escaped, and no script but the page's own can run."""
    known, script = environments(report), source("run.js")
    sections = {part.comparison.dataset: part.comparison.dataset for part in report.datasets}
    return (
        templates()
        .get_template("run.html")
        .render(
            report=report,
            sample_label=SAMPLE,
            run_tiles=run_tiles(report),
            tables=[
                shown_table(table, f"the.table.{n}", sections)
                for n, table in enumerate(report.tables, start=1)
            ],
            views=[_view(part, known) for part in report.datasets],
            known=known,
            css=Markup(source("base.css") + source("run.css")),  # noqa: S704 - our own files
            script=Markup(script),  # noqa: S704 - our own file
            script_hash=f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
        )
    )


def _view(part: DatasetPart, known: Environments) -> DatasetView:
    name = part.comparison.dataset
    runs = {method.name: runs_id(name, method.name) for method in part.comparison.methods}
    return DatasetView(
        part=part,
        tiles=dataset_tiles(part),
        verdict=verdict(part.comparison),
        tables=[
            shown_table(table, f"{name}.table.{n}", runs if table.kind == METHODS else {})
            for n, table in enumerate(part.tables, start=1)
        ],
        figures=[embed(figure) for figure in part.figures],
        data=data_view(part.data),
        runs=runs_table(part, known),
    )
