"""The trainings of a dataset, and the environments that they ran in."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_lib.metrics.registry import Metric, metrics_of
from pipeline_lib.reporting.page.report import DatasetPart, RunReport, Training
from pipeline_lib.reporting.page.shown import ShownCell, ShownRow, ShownTable, runs_id
from pipeline_lib.reporting.tables.notes import SPLIT_DIGITS
from pipeline_lib.reporting.tables.table import DASH, Cell

NOTES = [
    "Epoch: the one chosen on validation users. Seconds: wall-clock, of training and validation. "
    "Code: digest of the library code that the training depends on. Env.: see Environment.",
]


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


def runs_table(part: DatasetPart, known: Environments) -> ShownTable:
    """Return a table of every training of a dataset."""
    evaluated = {name for t in part.trainings for name in t.evaluation.metrics}
    every = metrics_of(part.comparison.task.kind)
    metrics = [metric for name, metric in every.items() if name in evaluated]
    dataset, labels = part.comparison.dataset, {m.name: m.label for m in part.comparison.methods}
    return ShownTable(
        id=f"{dataset}.runs.table",
        title=f"{part.comparison.title}: every training",
        heading="Method",
        headers=["Seed", *(m.label for m in metrics), *_facts(part.trainings[0], known)],
        blocks=[(None, _rows(part.trainings, dataset, labels, metrics, known))],
        notes=NOTES,
    )


def _rows(
    trainings: Sequence[Training],
    dataset: str,
    labels: dict[str, str],
    metrics: Sequence[Metric],
    known: Environments,
) -> list[ShownRow]:
    places = {t.record.method: n for n, t in reversed(list(enumerate(trainings)))}  # first ones
    return [
        ShownRow(
            label=labels.get(method := training.record.method, method),
            cells=[
                ShownCell(cell)
                for cell in (
                    _number(training.record.seed),
                    *(_metric(training, metric) for metric in metrics),
                    *_facts(training, known).values(),
                )
            ],
            id=runs_id(dataset, method) if places[method] == n else None,
            method=method,
        )
        for n, training in enumerate(trainings)
    ]


def _facts(training: Training, known: Environments) -> dict[str, Cell]:
    job = training.record
    return {
        "Epoch": _number(job.best_epoch),
        "Seconds": Cell(f"{job.seconds:,.1f}", (job.seconds,)),
        "Parameters": _number(job.parameters),
        "Device": _text(job.device),
        "Code": _text(job.code),
        "Split": _text(job.split_sha256[:SPLIT_DIGITS]),
        "Env.": _text(known.label(job.environment)),
        "Folder": _text(training.folder),
    }


def _metric(training: Training, metric: Metric) -> Cell:
    value = training.evaluation.metrics.get(metric.name)
    return Cell(DASH, (None,)) if value is None else Cell(f"{value:.{metric.digits}f}", (value,))


def _number(value: int | None) -> Cell:
    return Cell(DASH, (None,)) if value is None else Cell(f"{value:,}", (value,))


def _text(text: str) -> Cell:
    return Cell(text, (text,))
