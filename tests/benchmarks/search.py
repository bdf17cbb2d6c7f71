"""Measure what finding the nearest nodes costs, and how many it finds, by their number and width.

Writes results/benchmarks/search.csv and search.png. The paper states a search in the square root of
the number of nodes, which is a bound on kd-trees in two dimensions; its embeddings have 128.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
import torch
from matplotlib.figure import Figure
from rich.console import Console
from torch import Tensor

from pipeline_lib.meta.neighbours.base import recall
from pipeline_lib.meta.neighbours.exact import ExactIndex
from pipeline_lib.meta.neighbours.flann import FlannLibrary
from pipeline_lib.settings.methods.at_paml import FlannSettings

RESULTS = Path("results/benchmarks")
WIDTHS = (2, 8, 32, 128)
NODES = (1_000, 3_000, 10_000, 30_000, 100_000)
BATCH, BATCHES, NEAREST = 32, 8, 20
DEFAULT = FlannSettings()
ENOUGH = 0.9  # of the nearest
AS_NEEDED = f"FLANN, checks for {ENOUGH:.0%}"
Search = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Point:
    """One measurement: how, of how many points, and what a query cost and found.

    checks: points that FLANN looks at for a query; of an exact search, all.
    """

    index: str
    width: int
    nodes: int
    checks: int
    us: float
    recall: float


def measure(width: int, nodes: int) -> Iterator[Point]:
    """Measure all ways to search points drawn from a normal distribution."""
    torch.manual_seed(0)
    points, queries = torch.randn(nodes, width), torch.randn(BATCH * BATCHES, width)

    def point(index: str, checks: int, search: Search) -> Point:
        times, found = [], []
        for batch in queries.split(BATCH):
            start = time.perf_counter()
            found.append(search(batch))
            times.append(time.perf_counter() - start)
        us = 1e6 * float(np.median(times)) / BATCH
        return Point(index, width, nodes, checks, us, recall(torch.cat(found), points, queries))

    yield point("exact", nodes, lambda batch: ExactIndex().search(points, batch, NEAREST))
    held = points.numpy()
    first = _library(DEFAULT.checks)
    trees = first.build(held)

    def flann(checks: int) -> Search:
        library = _library(checks)
        return lambda batch: torch.from_numpy(library.search(trees, batch.numpy(), NEAREST)).long()

    yield point(f"FLANN, {DEFAULT.checks} checks", DEFAULT.checks, flann(DEFAULT.checks))
    checks = NEAREST
    while (enough := point(AS_NEEDED, checks, flann(checks))).recall < ENOUGH and checks < nodes:
        checks = min(2 * checks, nodes)
    yield enough
    first.free(trees)


def _library(checks: int) -> FlannLibrary:
    return FlannLibrary(DEFAULT.trees, checks, seed=0)


def exponents(table: pl.DataFrame) -> pl.DataFrame:
    """Fit how a query's time grows: the power of the number of nodes, by index and width."""
    rows = [
        (*key, float(np.polyfit(np.log(part["nodes"]), np.log(part["us"]), 1)[0]))
        for key, part in table.group_by("index", "width", maintain_order=True)
    ]
    return pl.DataFrame(rows, ["index", "width", "power"], orient="row")


def draw(table: pl.DataFrame, path: Path) -> None:
    """Plot a query's time and recall against the number of nodes, a column for each width."""
    widths = table["width"].unique(maintain_order=True).to_list()
    figure = Figure(figsize=(3 * len(widths), 5), layout="constrained")
    axes = figure.subplots(2, len(widths), squeeze=False, sharex=True, sharey="row")
    for column, width in enumerate(widths):
        times, recalls = axes[:, column]
        own = table.filter(width=width)
        for (index,), part in own.group_by("index", maintain_order=True):
            times.loglog(part["nodes"], part["us"], "o-", label=index)
            recalls.semilogx(part["nodes"], part["recall"], "o-", label=index)
        nodes, lowest = np.unique(own["nodes"]), float(own["us"].to_numpy().min())
        times.loglog(nodes, lowest * np.sqrt(nodes / nodes[0]), "k:", label="√n")
        times.set_title(f"width {width}")
        recalls.set(xlabel="nodes", ylim=(0, 1.05))
    axes[0, 0].set_ylabel("µs a query")
    axes[1, 0].set_ylabel("share of the 20 nearest found")
    axes[0, 0].legend(fontsize=7)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Write the table and the figure."""
    torch.set_num_threads(1)
    console, points = Console(width=130), []
    for width, nodes in product(WIDTHS, NODES):
        for point in measure(width, nodes):
            console.print(point)
            points.append(point)
    table = pl.DataFrame(points)
    console.print(*exponents(table).rows(), sep="\n")
    RESULTS.mkdir(parents=True, exist_ok=True)
    table.write_csv(RESULTS / "search.csv")
    draw(table, RESULTS / "search.png")
    console.print(f"Written: {RESULTS}/search.csv, {RESULTS}/search.png")


if __name__ == "__main__":
    main()
