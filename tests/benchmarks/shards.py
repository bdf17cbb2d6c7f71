"""Measure cleaning and encoding of a click log by one job each, and in shards.

Generates a log of 5 million impressions and runs the workflow's own jobs on it, one after the other
and each in a process of its own. Compares the bytes and writes results/benchmarks/shards.csv.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from rich.console import Console

from pipeline_lib.data.sample.write import write_sample
from pipeline_lib.settings.dataset import SampleLogs
from pipeline_lib.settings.load import read_dataset

ROOT = Path(__file__).parents[2]
RESULTS = Path("results/benchmarks")
USERS = 214_000  # each sees 23.4 ads on average
ITEMS_PER_USER = 0.75
SHARDS = 8
FOLDS = ("train", "validation", "test")
HERE = "taobao"


@dataclass(frozen=True)
class Job:
    """One job of a run in so many shards: its wall-clock seconds and its peak memory."""

    shards: int
    job: str
    seconds: float
    peak_mb: float


def stages(shards: int) -> Iterator[tuple[str, Sequence[str]]]:
    """Name the jobs, in their order, and what each makes."""
    items = [f"{i}-of-{shards}" for i in range(1, shards + 1)]
    if shards > 1:
        yield "clean_items", ["clean/shards/items.parquet"]
        yield from ((f"clean_shard {i}", [f"clean/shards/{i}"]) for i in items)
    yield "gather_clean" if shards > 1 else "clean", ["clean/report.json"]
    yield "partition", ["split/split.json"]
    if shards > 1:
        yield "fit_vocabulary", ["episodes/vocabulary.json"]
        for i in items:
            yield f"encode_shard {i}", [f"episodes/shards/{i}/{f}.safetensors" for f in FOLDS]
    yield "gather_episodes" if shards > 1 else "encode", ["episodes/test.safetensors"]


def measure(folder: Path, shards: int) -> Iterator[Job]:
    """Run the jobs from CSV to episodes."""
    for job, made in stages(shards):
        yield Job(shards, job, *_run(folder, shards, made))


def _run(folder: Path, shards: int, made: Sequence[str]) -> tuple[float, float]:
    """Make files; return seconds and the largest process's MB."""
    name = f"shards-{shards}"
    command = [
        *(str(Path(sys.executable).with_name("snakemake")), "--cores", "2", "--notemp"),
        *(f"results/{name}/{HERE}/{file}" for file in made),
        *("--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), "--quiet", "all"),
        *("--config", f"name={name}", "logs=real", "raw_dir=raw", f"datasets=[{HERE}]"),
        f"shards={shards}",
    ]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)} failed")
    return time.perf_counter() - start, usage.ru_maxrss * 1024 / 1e6


def digests(folder: Path, shards: int) -> dict[str, str]:
    """Hash what a run made."""
    here = folder / f"results/shards-{shards}" / HERE
    files = [file for part in ("clean", "split", "episodes") for file in (here / part).glob("*.*")]
    return {str(f.relative_to(here)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def main() -> None:
    """Print and write what the jobs cost."""
    console = Console(width=130)
    taobao = read_dataset(ROOT / "config/datasets", HERE)
    sample = SampleLogs(
        generator="taobao", users=USERS, items=int(USERS * ITEMS_PER_USER), seed=2021
    )
    jobs: list[Job] = []
    with TemporaryDirectory(prefix="bench-shards-") as scratch:
        raw = Path(scratch, "raw", taobao.folder)
        write_sample({role: raw / t.file for role, t in taobao.tables().items()}, sample)
        for shards in (1, SHARDS):
            for job in measure(Path(scratch), shards):
                console.print(job)
                jobs.append(job)
        one, many = (digests(Path(scratch), shards) for shards in (1, SHARDS))
    other = sorted(name for name in one.keys() | many.keys() if one.get(name) != many.get(name))
    console.print(f"{len(one)} files; with other bytes: {', '.join(other) or 'none'}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(jobs).write_csv(RESULTS / "shards.csv")
    console.print(f"Written: {RESULTS}/shards.csv")


if __name__ == "__main__":
    main()
