"""Finished runs, as the text about them looks their results up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.evaluation.splits import SplitComparison, SplitResult
from pipeline_lib.metrics.metric import TaskKind
from pipeline_lib.metrics.registry import metric_for
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.storage.tables import read_json
from pipeline_lib.training.record import TrainingRecord
from pipeline_lib.training.search import SearchResult

V = TypeVar("V")

# The error by which users are compared comes first.
SHOWN: dict[TaskKind, tuple[str, ...]] = {
    "rating": ("mse", "mse_major", "mse_minor", "ndcg_3", "ndcg_5"),
    "click": ("nel", "nel_major", "nel_minor", "auc"),
}


class UnknownResultError(Exception):
    """The text names a result that there is not."""


@dataclass(frozen=True)
class DatasetResults:
    """A dataset of a finished run. choices: by method, those of its search.

    further: methods on its further splits, where the run has some.
    """

    folder: Path
    comparison: Comparison
    data: DataReport
    trainings: list[TrainingRecord]
    choices: dict[str, SearchResult]
    further: SplitComparison | None

    @property
    def error(self) -> str:
        """Return the error by which users are compared."""
        return metric_for("error", self.comparison.task.kind).name

    @property
    def metrics(self) -> tuple[str, ...]:
        """Return the metrics that an overview shows, the users' error first."""
        return SHOWN[self.comparison.task.kind]

    @property
    def best_reference(self) -> MethodResult:
        """Return the best reference point; raise UnknownResultError where none was run."""
        if self.error not in self.comparison.references:
            raise UnknownResultError(f"{self.folder}: no reference point was run; name a method")
        return self.method(self.comparison.references[self.error])

    @property
    def versions(self) -> str:
        """Return the versions of packages that trainings were made with."""
        used = {own for r in self.trainings for own in r.environment.items()}
        return ", ".join(sorted(" ".join(own) for own in used if own[0] != "revision"))

    def method(self, name: str) -> MethodResult:
        """Return a method's result; raise UnknownResultError where there is none."""
        return find({m.name: m for m in self.comparison.methods}, name, "method", self.folder)

    @property
    def splits(self) -> SplitComparison:
        """Return methods on its further splits; raise UnknownResultError where there are none."""
        if self.further is None:
            raise UnknownResultError(f"{self.folder}: the run has no further splits")
        return self.further

    def on_splits(self, name: str) -> SplitResult:
        """Return a method's result over splits; raise UnknownResultError where there is none."""
        own = {m.name: m for m in self.splits.methods}
        return find(own, name, "method on further splits", self.folder)

    def only(self, names: Sequence[str]) -> Comparison:
        """Return the comparison of some methods alone."""
        return self.comparison.model_copy(update={"methods": self.chosen(names)})

    def chosen(self, names: Sequence[str]) -> list[MethodResult]:
        """Return the methods named, or else all."""
        return [self.method(name) for name in names] or self.comparison.methods

    def trainings_of(self, method: str) -> list[TrainingRecord]:
        """Return a method's trainings by seed."""
        return [record for record in self.trainings if record.method == method]


@dataclass(frozen=True)
class Run:
    """A finished run: the command that makes it, and its results by dataset."""

    command: str
    datasets: Mapping[str, DatasetResults]


Runs = Mapping[str, Run]


def read_runs(results: Path, commands: Mapping[str, str]) -> Runs:
    """Read all datasets of runs that have been compared; commands: by folder, what makes it."""
    return {run: Run(own, _read_datasets(results / run)) for run, own in commands.items()}


def find(known: Mapping[str, V], name: str, what: str, where: object) -> V:
    """Return what has a name; raise UnknownResultError that says which names there are."""
    if name not in known:
        there = ", ".join(known) or "none"
        raise UnknownResultError(f"{where}: there is no {what} {name!r}; there are: {there}")
    return known[name]


def _read_datasets(run: Path) -> dict[str, DatasetResults]:
    return {file.parent.name: _read(file.parent) for file in sorted(run.glob("*/comparison.json"))}


def _read(folder: Path) -> DatasetResults:
    comparison = read_json(folder / "comparison.json", Comparison)
    shown = {method.name for method in comparison.methods}
    splits = folder / "splits.json"
    choices = (read_json(f, SearchResult) for f in sorted(folder.glob("search/*/choice.json")))
    return DatasetResults(
        folder,
        comparison,
        read_json(folder / "data_report.json", DataReport),
        [
            read_json(folder / f"methods/{method.name}/seed-{seed}/training.json", TrainingRecord)
            for method in comparison.methods
            for seed in method.seeds
        ],
        {choice.method: choice for choice in choices if choice.method in shown},
        read_json(splits, SplitComparison) if splits.is_file() else None,
    )
