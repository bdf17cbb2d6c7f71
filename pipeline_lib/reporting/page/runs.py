"""The trainings of a dataset, and the environments that they ran in."""

from dataclasses import dataclass

from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import metrics_of
from pipeline_lib.reporting.page.report import DatasetPart, RunReport, Training
from pipeline_lib.reporting.tables.cells import number_cell
from pipeline_lib.reporting.tables.notes import SPLIT_DIGITS
from pipeline_lib.reporting.tables.table import (
    DASH,
    METHODS,
    Block,
    Cell,
    Row,
    RowKind,
    Table,
    TableColumn,
)

KIND = RowKind("Method", "folder", ("folder",))
NOTES = (
    "Epoch: the one chosen on validation users. Seconds: wall-clock of all epochs, without "
    "validation; of a method without epochs, of the whole job. "
    "Code: digest of the library code that the training depends on. Env.: see Environment.",
)


@dataclass(frozen=True)
class Environments:
    """The different environments of a run's trainings, and how many ran in each.

    names: of packages and of the revision, in the order in which they were recorded.
    """

    names: list[str]
    found: list[dict[str, str]]
    trainings: list[int]

    def label(self, environment: dict[str, str]) -> str:
        """Return an environment's name in the table of environments."""
        return f"E{self.found.index(environment) + 1}"

    @property
    def differing(self) -> list[str]:
        """Return the names of what is not the same in all of them."""
        return [name for name in self.names if len({e.get(name) for e in self.found}) > 1]


def environments(report: RunReport) -> Environments:
    """Return the different environments in order of appearance."""
    every = [t.record.environment for part in report.datasets for t in part.trainings]
    found = [e for n, e in enumerate(every) if e not in every[:n]]
    names = dict.fromkeys(name for e in [*found, report.environment] for name in e)
    return Environments(list(names), found, [every.count(e) for e in found])


def runs_table(part: DatasetPart, known: Environments) -> Table:
    """Return a table of every training of a dataset, by its folder."""
    evaluated = {name for t in part.trainings for name in t.evaluation.metrics}
    every = metrics_of(part.comparison.task.kind, part.comparison.chosen_metrics)
    metrics = [metric for name, metric in every.items() if name in evaluated]
    labels = {m.name: m.label for m in part.comparison.all_methods}
    rows = {t.folder: _cells(t, metrics, known) for t in part.trainings}
    shown = [Row(t.folder, labels.get(t.record.method, t.record.method)) for t in part.trainings]
    return Table(
        dataset=part.comparison.dataset,
        sample=part.comparison.sample,
        title=f"{part.comparison.title}: every training",
        columns=tuple(
            TableColumn(
                header, (header,), {folder: cells[header] for folder, cells in rows.items()}
            )
            for header in rows[shown[0].name]
        ),
        blocks=(Block("training", None, tuple(shown)),),
        notes=NOTES,
        kind=KIND,
    )


def row_attributes(part: DatasetPart) -> dict[str, dict[str, str | None]]:
    """Return the HTML attributes of a training's row by its folder: an id for a method's first."""
    first = {t.record.method: t.folder for t in reversed(part.trainings)}
    ids = {first[method]: id_ for method, id_ in _runs_ids(part).items() if method in first}
    return {
        t.folder: {"id": ids.get(t.folder), "data-method": t.record.method} for t in part.trainings
    }


def runs_links(part: DatasetPart, table: Table) -> dict[str, str]:
    """Return the ids that a table's rows lead to: where they are methods, their first trainings."""
    return _runs_ids(part) if table.kind == METHODS else {}


def _runs_ids(part: DatasetPart) -> dict[str, str]:
    """Return the id of each method's first training; names have no dot, so that it is unique."""
    dataset = part.comparison.dataset
    return {m.name: f"{dataset}.runs.{m.name}" for m in part.comparison.all_methods}


def _cells(training: Training, metrics: list[Metric], known: Environments) -> dict[str, Cell]:
    job, measured = training.record, training.evaluation.metrics
    return {
        "Seed": number_cell(job.seed, ","),
        **{m.label: _value(measured.get(m.name), m) for m in metrics},
        "Epoch": number_cell(job.best_epoch, ","),
        "Seconds": number_cell(job.seconds, ",.1f"),
        "Parameters": number_cell(job.parameters, ","),
        "Device": _text(job.device),
        "Code": _text(job.code),
        "Split": _text(job.split_sha256[:SPLIT_DIGITS]),
        "Env.": _text(known.label(job.environment)),
        "Folder": _text(training.folder),
    }


def _value(value: float | None, metric: Metric) -> Cell:
    return Cell(DASH if value is None else f"{value:.{metric.digits}f}", (value,))


def _text(text: str) -> Cell:
    return Cell(text, (text,))
