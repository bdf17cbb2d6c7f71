"""Finished runs, as the text about them looks their results up."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.storage.tables import read_json
from pipeline_lib.training.record import TrainingRecord
from pipeline_lib.training.search import Choice

V = TypeVar("V")


class UnknownResultError(Exception):
    """The text names a result that there is not."""


@dataclass(frozen=True)
class DatasetResults:
    """A dataset of a finished run. choices: by method, those of its search."""

    folder: Path
    comparison: Comparison
    data: DataReport
    trainings: list[TrainingRecord]
    choices: dict[str, Choice]

    def method(self, name: str) -> MethodResult:
        """Find a method's result."""
        return find({m.name: m for m in self.comparison.methods}, name, "method", self.folder)

    def trainings_of(self, method: str) -> list[TrainingRecord]:
        """List a method's trainings by seed."""
        return [record for record in self.trainings if record.method == method]


@dataclass(frozen=True)
class Run:
    """A finished run: the command that makes it, and its results by dataset."""

    command: str
    datasets: Mapping[str, DatasetResults]


Runs = Mapping[str, Run]


def read_runs(results: Path, commands: Mapping[str, str]) -> Runs:
    """Read all datasets of runs that have been compared; commands: by folder, what makes it."""
    return {name: Run(own, _read_datasets(results / name)) for name, own in commands.items()}


def find(known: Mapping[str, V], name: str, what: str, where: object) -> V:
    """Look a name up; raise UnknownResultError that says what there is."""
    if name not in known:
        there = ", ".join(known) or "none"
        raise UnknownResultError(f"{where}: there is no {what} {name!r}; there are: {there}")
    return known[name]


def find_dataset(runs: Runs, run: str, dataset: str) -> DatasetResults:
    """Find a dataset of a run; raise UnknownResultError."""
    return find(find(runs, run, "run", "results").datasets, dataset, "dataset", f"run {run}")


def _read_datasets(run: Path) -> dict[str, DatasetResults]:
    return {file.parent.name: _read(file.parent) for file in sorted(run.glob("*/comparison.json"))}


def _read(folder: Path) -> DatasetResults:
    comparison = read_json(folder / "comparison.json", Comparison)
    shown = {method.name for method in comparison.methods}
    choices = (read_json(f, Choice) for f in sorted(folder.glob("search/*/choice.json")))
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
    )
