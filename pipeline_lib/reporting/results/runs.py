"""Finished runs, as the text about them looks their results up."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pipeline_lib.comparison.record import Comparison, MethodResult
from pipeline_lib.storage import read_json
from pipeline_lib.training.choice import Choice
from pipeline_lib.training.record import TrainingRecord

V = TypeVar("V")


class UnknownResultError(Exception):
    """The text names a result that there is not."""


class FalseClaimError(Exception):
    """The text says what the results do not."""


@dataclass(frozen=True)
class DatasetResults:
    """A dataset of a finished run. choices: by method, those of its search."""

    folder: Path
    comparison: Comparison
    trainings: list[TrainingRecord]
    choices: dict[str, Choice]

    def method(self, name: str) -> MethodResult:
        """Find a method's result."""
        return find({m.name: m for m in self.comparison.methods}, name, "method", self.folder)


Runs = Mapping[str, Mapping[str, DatasetResults]]


def read_runs(results: Path, names: list[str]) -> Runs:
    """Read the datasets of runs that have been compared, by run and dataset."""
    return {
        name: {file.parent.name: _read(file.parent) for file in _comparisons(results / name)}
        for name in names
    }


def find(known: Mapping[str, V], name: str, what: str, where: object) -> V:
    """Look a name up; raise UnknownResultError that says what there is."""
    if name not in known:
        there = ", ".join(known) or "none"
        raise UnknownResultError(f"{where}: there is no {what} {name!r}; there are: {there}")
    return known[name]


def _comparisons(run: Path) -> list[Path]:
    return sorted(run.glob("*/comparison.json"))


def _read(folder: Path) -> DatasetResults:
    comparison = read_json(folder / "comparison.json", Comparison)
    shown = {method.name for method in comparison.methods}
    records = (read_json(f, TrainingRecord) for f in folder.glob("methods/*/seed-*/training.json"))
    choices = (read_json(f, Choice) for f in folder.glob("search/*/choice.json"))
    return DatasetResults(
        folder,
        comparison,
        sorted((r for r in records if r.method in shown), key=lambda r: (r.method, r.seed)),
        {choice.method: choice for choice in choices if choice.method in shown},
    )
