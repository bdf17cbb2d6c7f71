"""Measure how fast a click log goes from CSV to episodes, and in how much memory.

Generates logs of 1, 5 and 26 million impressions and runs the workflow's own jobs on them, each in
a process of its own. Writes results/benchmarks/logs.csv and logs.png.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from matplotlib.figure import Figure
from rich.console import Console

from pipeline_lib.data.sample.write import write_sample
from pipeline_lib.settings.dataset import Dataset, SampleLogs
from pipeline_lib.settings.load import read_dataset

ROOT = Path(__file__).parents[2]
RESULTS = Path("results/benchmarks")
USERS = (43_000, 214_000, 1_140_000)  # each sees 23.4 ads on average
ITEMS_PER_USER = 0.75
STAGES = {
    "clean": "clean/report.json",
    "partition": "split/split.json",
    "encode": "episodes/test.safetensors",
}


@dataclass(frozen=True)
class Point:
    """One job: impressions in the raw log, its wall-clock seconds and its peak memory."""

    impressions: int
    stage: str
    seconds: float
    peak_gb: float


def measure(users: int, taobao: Dataset, folder: Path) -> Iterator[Point]:
    """Generate a log and run the jobs from CSV to episodes."""
    raw = folder / "raw" / taobao.folder
    sample = SampleLogs(
        generator="taobao", users=users, items=int(users * ITEMS_PER_USER), seed=2021
    )
    files = {role: raw / table.file for role, table in taobao.tables().items()}
    write_sample(files, sample)
    with files["interactions"].open("rb") as file:
        impressions = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(2**24), b"")) - 1
    for stage, target in STAGES.items():
        seconds, peak = _run(folder, f"results/bench/taobao/{target}")
        yield Point(impressions, stage, seconds, peak)


def _run(folder: Path, target: str) -> tuple[float, float]:
    """Make a target; return seconds and the largest process's GB."""
    command = [
        *(str(Path(sys.executable).with_name("snakemake")), target, "--cores", "2"),
        *("--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), "--quiet", "all"),
        *("--config", "name=bench", "logs=real", "raw_dir=raw", "datasets=[taobao]"),
    ]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)} failed")
    return time.perf_counter() - start, usage.ru_maxrss * 1024 / 1e9


def draw(table: pl.DataFrame, path: Path) -> None:
    """Plot seconds and memory of each job against impressions."""
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    for axis, (column, label) in zip(
        figure.subplots(1, 2),
        {"seconds": "seconds", "peak_gb": "GB at the peak"}.items(),
        strict=True,
    ):
        for (stage,), part in table.group_by("stage", maintain_order=True):
            axis.plot(part["impressions"] / 1e6, part[column], "o-", label=stage)
        axis.set(xlabel="million impressions", ylabel=label, xlim=(0, None), ylim=(0, None))
        axis.legend()
    figure.savefig(path, dpi=120)


def main() -> None:
    """Write the table and the figure."""
    console = Console(width=130)
    taobao = read_dataset(ROOT / "config/datasets", "taobao")
    points: list[Point] = []
    for users in USERS:
        with TemporaryDirectory(prefix="bench-logs-") as folder:
            for point in measure(users, taobao, Path(folder)):
                console.print(point)
                points.append(point)
        seconds = sum(p.seconds for p in points[-len(STAGES) :])
        console.print(f"{points[-1].impressions / seconds:,.0f} impressions a second in all")
    table = pl.DataFrame(points)
    RESULTS.mkdir(parents=True, exist_ok=True)
    table.write_csv(RESULTS / "logs.csv")
    draw(table, RESULTS / "logs.png")
    console.print(f"Written: {RESULTS}/logs.csv, {RESULTS}/logs.png")


if __name__ == "__main__":
    main()
