"""Which runs are superseded, and what a parent tells of its seeds, by hand."""

from collections.abc import Mapping
from statistics import stdev
from types import MappingProxyType

import pytest
from mlflow.entities import Metric, Run, RunData, RunInfo, RunTag

from pipeline_lib.tracking.families import RunState, settle


def make_run(
    run_id: str,
    started: int,
    ended: int | None,
    status: str,
    metrics: Mapping[str, float],
    **tags: str,
) -> Run:
    info = RunInfo(run_id, "1", "me", status, started, ended, "active")
    values = [Metric(name, value, 0, 0) for name, value in metrics.items()]
    return Run(info, RunData(values, [], [RunTag(*tag) for tag in tags.items()]))


def seed(
    run_id: str,
    started: int,
    generation: str = "g",
    number: int = 0,
    *,
    method: str = "paml",
    status: str = "FINISHED",
    metrics: Mapping[str, float] = MappingProxyType({}),
) -> Run:
    own = {"dataset": "shop", "method": method, "generation": generation}
    return make_run(
        run_id, started, started + 5, status, metrics, level="seed", seed=f"{number}", **own
    )


def parent(run_id: str, generation: str = "g", method: str = "paml") -> Run:
    own = {"dataset": "shop", "method": method, "generation": generation}
    return make_run(run_id, 0, None, "RUNNING", {}, level="method", **own)


def settled(*runs: Run) -> dict[str, RunState]:
    states = {run.info.run_id: state for run, state in settle(runs)}
    assert len(states) == len(runs)
    return states


def superseded(*runs: Run) -> set[str]:
    return {name for name, u in settled(*runs).items() if u.tags["superseded"] == "true"}


def test_seeds_of_one_generation_all_count() -> None:
    assert superseded(parent("p"), seed("a", 1), seed("b", 2, number=1)) == set()


def test_a_later_run_of_a_seed_supersedes_the_earlier() -> None:
    runs = (parent("p"), seed("a", 1), seed("b", 2, number=1), seed("c", 3))
    assert superseded(*runs) == {"a"}
    assert superseded(*reversed(runs)) == {"a"}


def test_a_new_generation_supersedes_the_whole_old_one() -> None:
    old = (parent("p"), seed("a", 1), seed("b", 2, number=1))
    assert superseded(*old, parent("q", "h"), seed("c", 3, "h")) == {"p", "a", "b"}


def test_a_generation_that_returns_counts_again() -> None:
    runs = (parent("p"), seed("a", 1), parent("q", "h"), seed("b", 2, "h"), seed("c", 3))
    assert superseded(*runs) == {"a", "q", "b"}


def test_another_method_supersedes_nothing() -> None:
    other = (parent("q", "h", "melu"), seed("b", 2, "h", method="melu"))
    assert superseded(parent("p"), seed("a", 1), *other) == set()


def test_a_parent_has_the_mean_and_spread_of_its_newest_seeds() -> None:
    p = settled(
        parent("p"),
        seed("a", 1, metrics={"test/mse": 9.0}),
        seed("b", 2, metrics={"test/mse": 1.0, "test/gap": 0.25}),
        seed("c", 3, number=1, metrics={"test/mse": 2.0, "test/gap": 0.75}),
    )["p"]
    assert p.metrics == pytest.approx(
        {
            "test/mse": 1.5,
            "test/mse_sd": stdev([1.0, 2.0]),
            "test/gap": 0.5,
            "test/gap_sd": stdev([0.25, 0.75]),
        }
    )
    assert p.tags == {"superseded": "false", "seeds": "0, 1", "group_gap": "0.5000"}
    assert (p.status, p.ended) == ("FINISHED", 8)


def test_one_seed_has_no_spread() -> None:
    assert settled(parent("p"), seed("a", 1, metrics={"test/mse": 9.0}))["p"].metrics == {
        "test/mse": 9.0
    }


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("FINISHED", "RUNNING"), "RUNNING"),
        (("FINISHED", "FAILED"), "FINISHED"),
        (("FAILED", "FAILED"), "FAILED"),
        ((), "RUNNING"),
    ],
)
def test_a_parent_runs_as_long_as_a_seed(statuses: tuple[str, ...], expected: str) -> None:
    seeds = [seed(f"{n}", n, number=n, status=status) for n, status in enumerate(statuses)]
    assert settled(parent("p"), *seeds)["p"].status == expected
