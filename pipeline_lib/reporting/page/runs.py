"""The trainings of a dataset, and the environments that they ran in."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_lib.metrics.registry import METRICS
from pipeline_lib.reporting.page.record import DatasetPart, RunReport, Trial
from pipeline_lib.reporting.page.shown import ShownCell, ShownRow, ShownTable, runs_id
from pipeline_lib.reporting.paper import Metric
from pipeline_lib.reporting.tables.columns import HEADERS, digits
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
        """Name an environment as the table of environments does."""
        return f"E{self.found.index(environment) + 1}"

    @property
    def differing(self) -> list[str]:
        """List what is not the same in all of them."""
        return [name for name in self.names if len({e.get(name) for e in self.found}) > 1]


def environments(report: RunReport) -> Environments:
    """Find the different environments in order of appearance."""
    every = [t.training.environment for part in report.datasets for t in part.trials]
    found = [e for n, e in enumerate(every) if e not in every[:n]]
    names = dict.fromkeys(name for e in [*found, report.environment] for name in e)
    return Environments(list(names), found, [every.count(e) for e in found])


def runs_table(part: DatasetPart, known: Environments) -> ShownTable:
    """Show every training of a dataset in a row."""
    evaluated = {name for t in part.trials for name in t.evaluation.metrics}
    metrics = [m for m in HEADERS if m in METRICS[part.comparison.task.kind] and m in evaluated]
    dataset, labels = part.comparison.dataset, {m.name: m.label for m in part.comparison.methods}
    return ShownTable(
        id=f"{dataset}.runs.table",
        title=f"{part.comparison.title}: every training",
        heading="Method",
        headers=["Seed", *(HEADERS[m] for m in metrics), *_facts(part.trials[0], known)],
        blocks=[(None, _rows(part.trials, dataset, labels, metrics, known))],
        notes=NOTES,
    )


def _rows(
    trials: Sequence[Trial],
    dataset: str,
    labels: dict[str, str],
    metrics: Sequence[Metric],
    known: Environments,
) -> list[ShownRow]:
    places = {t.training.method: n for n, t in reversed(list(enumerate(trials)))}  # first ones
    return [
        ShownRow(
            label=labels.get(method := trial.training.method, method),
            cells=[
                ShownCell(cell)
                for cell in (
                    _number(trial.training.seed),
                    *(_metric(trial, metric) for metric in metrics),
                    *_facts(trial, known).values(),
                )
            ],
            id=runs_id(dataset, method) if places[method] == n else None,
            method=method,
        )
        for n, trial in enumerate(trials)
    ]


def _facts(trial: Trial, known: Environments) -> dict[str, Cell]:
    job = trial.training
    return {
        "Epoch": _number(job.best_epoch),
        "Seconds": Cell(f"{job.seconds:,.1f}", (job.seconds,)),
        "Parameters": _number(job.parameters),
        "Device": _text(job.device),
        "Code": _text(job.code),
        "Split": _text(job.split_sha256[:SPLIT_DIGITS]),
        "Env.": _text(known.label(job.environment)),
        "Folder": _text(trial.folder),
    }


def _metric(trial: Trial, metric: Metric) -> Cell:
    value = trial.evaluation.metrics.get(metric)
    return Cell(DASH, (None,)) if value is None else Cell(f"{value:.{digits(metric)}f}", (value,))


def _number(value: int | None) -> Cell:
    return Cell(DASH, (None,)) if value is None else Cell(f"{value:,}", (value,))


def _text(text: str) -> Cell:
    return Cell(text, (text,))
