"""Which runs of an experiment are superseded, and the parents' means over their seeds."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.entities import Run


@dataclass(frozen=True)
class RunState:
    """What a run should have. ended: milliseconds since 1970, where the status says that it has."""

    tags: Mapping[str, str]
    status: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    ended: int = 0


def settle(runs: "Sequence[Run]") -> "Iterator[tuple[Run, RunState]]":
    """Yield each run with the state that it should have.

    The newest generation of a method is the one whose newest run started last; in it the newest
    run of each seed counts. All others are superseded. A parent has the mean and the standard
    deviation over the newest runs of its seeds that were evaluated.
    """
    families: dict[tuple[str, str], dict[str, list[Run]]] = defaultdict(lambda: defaultdict(list))
    for run in sorted(runs, key=lambda run: run.info.start_time):
        tags = run.data.tags
        families[tags["dataset"], tags["method"]][tags["generation"]].append(run)
    for generations in families.values():
        newest = max(generations, key=lambda g: _started_last(generations[g]))
        for generation, own in generations.items():
            yield from _settle_generation(own, current=generation == newest)


def _settle_generation(runs: "Sequence[Run]", *, current: bool) -> "Iterator[tuple[Run, RunState]]":
    last = {run.data.tags["seed"]: run for run in _seeds(runs)}
    for run in runs:
        if run.data.tags["level"] == "method":
            yield run, _parent([*last.values()], current=current)
        else:
            counts = current and last[run.data.tags["seed"]] is run
            yield run, RunState({"superseded": str(not counts).lower()}, run.info.status)


def _parent(seeds: "Sequence[Run]", *, current: bool) -> RunState:
    metrics = dict(_means([run.data.metrics for run in seeds]))
    tags = {
        "superseded": str(not current).lower(),
        "seeds": ", ".join(sorted((run.data.tags["seed"] for run in seeds), key=int)),
    }
    if "test/gap" in metrics:
        tags["group_gap"] = f"{metrics['test/gap']:.4f}"
    ended = max((run.info.end_time or run.info.start_time for run in seeds), default=0)
    return RunState(tags, _status(seeds), metrics, ended)


def _means(metrics: Sequence[Mapping[str, float]]) -> Iterator[tuple[str, float]]:
    for name in sorted({name for own in metrics for name in own if name.startswith("test/")}):
        values = [own[name] for own in metrics if name in own]
        yield name, fmean(values)
        if len(values) > 1:
            yield f"{name}_sd", stdev(values)


def _status(seeds: "Sequence[Run]") -> str:
    statuses = {run.info.status for run in seeds}
    if "RUNNING" in statuses or not statuses:
        return "RUNNING"
    return "FINISHED" if "FINISHED" in statuses else "FAILED"


def _seeds(runs: "Sequence[Run]") -> "list[Run]":
    return [run for run in runs if run.data.tags["level"] == "seed"]


def _started_last(runs: "Sequence[Run]") -> int:
    return max(int(run.info.start_time) for run in (_seeds(runs) or runs))
