"""A run's report before it is written: its datasets, their tables, figures and trainings."""

import struct
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.tables.table import Table
from pipeline_lib.training.record import TrainingRecord

PNG = b"\x89PNG\r\n\x1a\n"
LARGEST_CSV = 200_000


@dataclass(frozen=True)
class FigureFile:
    """A figure, and the numbers it was drawn from."""

    name: str
    caption: str
    png: Path
    csv: Path

    @property
    def size(self) -> tuple[int, int]:
        """Read the image's width and height in pixels; raise ValueError when it is no PNG."""
        image = self.png.read_bytes()
        if not image.startswith(PNG):
            raise ValueError(f"{self.png} is no PNG file")
        width, height = struct.unpack(">II", image[16:24])
        return width, height

    @property
    def image(self) -> str:
        """Read the image into an address that holds it."""
        return _address("image/png", self.png)

    @property
    def numbers(self) -> str | None:
        """Read the numbers into an address that holds them; None where they are too many."""
        if self.csv.stat().st_size > LARGEST_CSV:
            return None
        return _address("text/csv;charset=utf-8", self.csv)


def _address(kind: str, file: Path) -> str:
    return f"data:{kind};base64,{b64encode(file.read_bytes()).decode()}"


@dataclass(frozen=True)
class Training:
    """One training, how well it did, and the folder of its files."""

    record: TrainingRecord
    evaluation: Evaluation
    folder: str


@dataclass(frozen=True)
class DatasetPart:
    """One dataset's results; missing: what could not be made and why, a sentence each."""

    comparison: Comparison
    data: DataReport
    tables: list[Table]
    figures: list[FigureFile]
    trainings: list[Training]
    missing: list[str]


@dataclass(frozen=True)
class RunReport:
    """A whole run; tables, missing: those of no single dataset.

    settings: YAML by heading. environment: of the process that writes the report, see
    `pipeline_lib.jobs.environment.environment`.
    """

    name: str
    sample: bool
    settings: dict[str, str]
    environment: dict[str, str]
    datasets: list[DatasetPart]
    tables: list[Table]
    missing: list[str]
