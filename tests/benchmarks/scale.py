"""Measure what a training step costs against users, items, support rows and memory size.

Writes results/benchmarks/scale.csv and scale.png. `--million` trains one whole epoch on a million
users with 20 million interactions instead.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import torch
from matplotlib.figure import Figure
from rich.console import Console

from pipeline_lib.episodes.format import Episodes, Ragged, Rows
from pipeline_lib.methods.at_paml import ATPAML
from pipeline_lib.methods.base import Learner
from pipeline_lib.settings.methods.base import parse_method
from pipeline_lib.training.fit import Folds, fit
from tests.benchmarks.measure import MEGA, measure, resident
from tests.benchmarks.world import World, make_world, read_method

if TYPE_CHECKING:
    from pipeline_lib.training.record import EpochRecord

RESULTS = Path("results/benchmarks")
USERS_PER_BATCH, STEPS, OUTER_LR = 32, 16, 5e-5
USERS = (1_000, 10_000, 100_000)
ITEMS = (1_000, 4_000, 30_000, 200_000)
SUPPORT = (7, 14, 28, 56, 112, 224)
MEMORY = (1_000, 10_000, 100_000)


@dataclass(frozen=True)
class Point:
    """One measurement: the sweep, the method, where on the sweep, and what it cost."""

    sweep: str
    method: str
    size: int
    ms: float
    peak_mb: float
    state_mb: float
    recall: float | None = None


def sweeps() -> Iterator[Point]:
    """Measure all sweeps."""
    for users in USERS:
        world = make_world(users=users)
        for name in ("paml", "reg-paml"):
            yield _point("users", name, users, world, world.method(name))
        memory = _filled(world, users, memory_size=users)
        yield _point("users", "at-paml, a node a user", users, world, memory)
    for items in ITEMS:
        world = make_world(items=items)
        yield _point("items", "paml", items, world, world.method("paml"))
    for support in SUPPORT:
        world = make_world(support=support)
        for name in ("melu", "meta-sgd", "paml", "reg-paml"):
            yield _point("median support rows", name, support, world, world.method(name))
    world = make_world()
    for size in MEMORY:
        for index in ("exact", "flann"):
            method = _filled(world, size, memory_size=size, index=index)
            yield _point("memory size", f"at-paml, {index}", size, world, method)


def _point(sweep: str, name: str, size: int, world: World, method: Learner) -> Point:
    cost = measure(method, method.losses, world.batches(USERS_PER_BATCH, STEPS), OUTER_LR)
    state = sum(x.numel() * x.element_size() for x in method.state_dict().values())
    return Point(
        sweep, name, size, cost.ms, cost.mb, state / MEGA, method.end_epoch().get("recall")
    )


def _filled(world: World, nodes: int, **settings: object) -> Learner:
    """Fill a memory with nodes of random profiles, as an epoch of as many users would."""
    method = world.method("at-paml", warmup_epochs=0, **settings)
    if not isinstance(method, ATPAML):
        raise TypeError(type(method))
    drawn = make_world(users=nodes, support=4).episodes
    for users in torch.arange(nodes).split(10_000):
        vectors = method.network.user_values(drawn.codes[users]).detach()
        embeddings = (vectors * drawn.values[users][..., None]).flatten(1)
        method.memory.store(users, embeddings, torch.full((len(users),), 5e-4), "keep")
    return method


def million(console: Console) -> None:
    """Train PAML for an epoch on a million users with 20 million interactions."""
    start, before = time.perf_counter(), resident()
    world = make_world(users=1_000_000, items=100_000, support=14)
    rows = sum(len(side.item) for side in (world.episodes.support, world.episodes.query))
    console.print(f"{rows:,} interactions, {(resident() - before) / MEGA:.0f} MB")
    settings = parse_method(read_method("paml") | {"epochs": 1, "users_per_batch": 512})
    folds = Folds(
        world.episodes,
        _first(world.episodes, 10_000),
        world.catalogue,
        world.problem.task,
        pl.Series(["major", "minor"] * 5_000),
    )
    seen: list[EpochRecord] = []
    made = time.perf_counter()
    fit(world.method("paml"), settings, folds, 0, seen.append)
    console.print(f"made in {made - start:.0f} s; {seen[0]}; {resident() / MEGA:.0f} MB at the end")


def _first(episodes: Episodes, users: int) -> Episodes:
    def cut(rows: Rows) -> Rows:
        offsets = rows.users.offsets[: users + 1]
        end = int(offsets[-1])
        return Rows(Ragged(offsets), rows.item[:end], rows.target[:end])

    return replace(
        episodes,
        user=episodes.user[:users],
        codes=episodes.codes[:users],
        values=episodes.values[:users],
        support=cut(episodes.support),
        query=cut(episodes.query),
    )


def draw(table: pl.DataFrame, path: Path) -> None:
    """Plot each sweep's milliseconds and megabytes, from 0."""
    names = table["sweep"].unique(maintain_order=True).to_list()
    figure = Figure(figsize=(4 * len(names), 7), layout="constrained")
    axes = figure.subplots(2, len(names), squeeze=False)
    for column, sweep in enumerate(names):
        for (method,), part in table.filter(sweep=sweep).group_by("method", maintain_order=True):
            total = part["peak_mb"] + part["state_mb"]
            axes[0, column].semilogx(part["size"], part["ms"], "o-", label=method)
            axes[1, column].semilogx(part["size"], total, "o-", label=method)
        axes[0, column].set(title=sweep, ylabel="ms a step of 32 users", ylim=(0, None))
        axes[1, column].set(xlabel=sweep, ylabel="MB: state and a step's peak", ylim=(0, None))
        axes[0, column].legend(fontsize=7)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Write the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true")
    console = Console(width=130)
    if parser.parse_args().million:
        million(console)
        return
    points = []
    for point in sweeps():
        console.print(point)
        points.append(point)
    table = pl.DataFrame(points)
    RESULTS.mkdir(parents=True, exist_ok=True)
    table.write_csv(RESULTS / "scale.csv")
    draw(table, RESULTS / "scale.png")
    console.print(f"Written: {RESULTS}/scale.csv, {RESULTS}/scale.png")


if __name__ == "__main__":
    main()
