"""A run's report before it is written: its datasets, their tables, figures and trainings."""

from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.tables.table import Table
from pipeline_lib.training.record import TrainingRecord


@dataclass(frozen=True)
class FigureFile:
    """A figure, and the numbers it was drawn from."""

    name: str
    caption: str
    png: Path
    csv: Path


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
