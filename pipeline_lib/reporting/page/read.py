"""Read what a run's report shows."""

from collections.abc import Sequence
from pathlib import Path

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.evaluation.splits import SplitComparison
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.page.report import DatasetPart, FigureFile, Training
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.all import dataset_tables
from pipeline_lib.reporting.tables.metrics import metric_tables
from pipeline_lib.reporting.tables.splits import splits_table
from pipeline_lib.reporting.tables.table import Table
from pipeline_lib.schemas.results import SEPARATION
from pipeline_lib.storage.tables import read_json, read_table
from pipeline_lib.training.record import TrainingRecord


def read_part(
    folder: str,
    trials: Sequence[str],
    figures: Sequence[str],
    missing: list[str],
    separation: str | None,
    paper: PaperResults,
    splits: str | None = None,
) -> DatasetPart:
    """Read one dataset's results.

    folder: of the dataset. trials: the trainings' folders. figures: by name. missing: what could
    not be made, a sentence each. separation: a table; None where no method has embeddings.
    """
    comparison = read_json(Path(folder, "comparison.json"), Comparison)
    data = read_json(Path(folder, "data_report.json"), DataReport)
    trainings = [_training(trial) for trial in trials]
    tables = dataset_tables(
        data,
        comparison,
        paper,
        [training.record for training in trainings],
        read_table(Path(separation), SEPARATION) if separation else None,
    )
    over_splits = read_json(Path(splits), SplitComparison) if splits else None
    chosen = metric_tables(comparison, over_splits)
    return DatasetPart(
        comparison=comparison,
        data=data,
        tables=[*tables.values(), *_split_tables(over_splits), *chosen.values()],
        figures=[_figure(Path(folder, "figures"), name) for name in figures],
        trainings=trainings,
        missing=[*missing, *(method.note for method in comparison.stopped)],
    )


def _split_tables(comparison: SplitComparison | None) -> list[Table]:
    if comparison is None:
        return []
    return [splits_table("error", comparison), splits_table("ranking", comparison)]


def _figure(folder: Path, name: str) -> FigureFile:
    caption = (folder / f"{name}.txt").read_text(encoding="utf-8").strip()
    return FigureFile(name, caption, folder / f"{name}.png", folder / f"{name}.csv")


def _training(folder: str) -> Training:
    record = read_json(Path(folder, "training.json"), TrainingRecord)
    return Training(record, read_json(Path(folder, "evaluation.json"), Evaluation), folder)
