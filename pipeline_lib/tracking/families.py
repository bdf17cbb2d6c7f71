"""Which runs are superseded, and what the parents of seeds are, from all runs of an experiment."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, stdev


@dataclass(frozen=True)
class Member:
    """A run. level: `seed`, or `method` for a parent. started, ended: milliseconds since 1970.

    metrics: of the test users.
    """

    run_id: str
    level: str
    dataset: str
    method: str
    generation: str
    seed: str | None
    started: int
    ended: int | None
    status: str
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Update:
    """How a run should be. status: None to leave it."""

    run_id: str
    tags: Mapping[str, str]
    metrics: Mapping[str, float] = field(default_factory=dict)
    status: str | None = None
    time: int = 0


def settle(members: Sequence[Member]) -> Iterator[Update]:
    """Say how all runs should be.

    The newest generation of a method is the one whose newest run started last; in it the newest
    run of each seed counts. All others are superseded. A parent has the mean and the standard
    deviation over the newest finished runs of its seeds.
    """
    families: dict[tuple[str, str], dict[str, list[Member]]] = defaultdict(dict)
    for member in sorted(members, key=lambda m: m.started):
        generations = families[member.dataset, member.method]
        generations.setdefault(member.generation, []).append(member)
    for generations in families.values():
        newest = max(generations, key=lambda g: _started_last(generations[g]))
        for generation, runs in generations.items():
            yield from _settle_generation(runs, current=generation == newest)


def _settle_generation(runs: Sequence[Member], *, current: bool) -> Iterator[Update]:
    last = {run.seed: run for run in _seeds(runs)}
    for run in _seeds(runs):
        counts = current and last[run.seed] is run
        yield Update(run.run_id, {"superseded": str(not counts).lower()})
    for parent in (run for run in runs if run.level == "method"):
        yield _parent(parent, [*last.values()], current=current)


def _parent(parent: Member, seeds: Sequence[Member], *, current: bool) -> Update:
    judged = [run for run in seeds if run.metrics]
    tags = {
        "superseded": str(not current).lower(),
        "seeds": ", ".join(sorted((f"{run.seed}" for run in seeds), key=int)),
    }
    metrics = dict(_means(judged))
    if "test/gap" in metrics:
        tags["group_gap"] = f"{metrics['test/gap']:.4f}"
    return Update(parent.run_id, tags, metrics, _status(seeds), _ended_last(seeds))


def _means(runs: Sequence[Member]) -> Iterator[tuple[str, float]]:
    for name in sorted({name for run in runs for name in run.metrics}):
        values = [run.metrics[name] for run in runs if name in run.metrics]
        yield name, fmean(values)
        if len(values) > 1:
            yield f"{name}_sd", stdev(values)


def _status(seeds: Sequence[Member]) -> str:
    statuses = {run.status for run in seeds}
    if "RUNNING" in statuses or not statuses:
        return "RUNNING"
    return "FINISHED" if "FINISHED" in statuses else "FAILED"


def _seeds(runs: Iterable[Member]) -> list[Member]:
    return [run for run in runs if run.level == "seed"]


def _started_last(runs: Sequence[Member]) -> int:
    return max(run.started for run in (_seeds(runs) or runs))


def _ended_last(seeds: Sequence[Member]) -> int:
    return max((run.ended or run.started for run in seeds), default=0)
