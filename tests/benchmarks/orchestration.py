"""Measure what running the paper's whole grid costs beside its training.

Runs two datasets, all methods and three seeds on tiny sample logs with one epoch of training, and
plans the finished run again. What that takes is set against the training of the real grid.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml
from rich.console import Console

from pipeline_lib.settings.load import load_settings
from pipeline_lib.settings.methods.base import LearnerSettings
from tests.workflow.small_project import SNAKEMAKE, SmallProject, copy_project

CORES = 2
# Seconds of one training on the real logs by kind of learner, on a core of an AMD EPYC without
# AVX-512: on a faster machine the share of what is not training has to be judged anew.
TRAINING = {
    "movielens": {
        "transfer": 110,
        "melu": 253,
        "meta-sgd": 320,
        "paml": 259,
        "at-paml": 295,
        "reg-paml": 361,
    },
    "bookcrossing": {
        "transfer": 29,
        "melu": 62,
        "meta-sgd": 205,
        "paml": 116,
        "at-paml": 100,
        "reg-paml": 89,
    },
}
SEEDS = 3
COMMAND = [str(SNAKEMAKE), "all", "--cores", str(CORES), "--configfile", "config/paper.yaml"]


@dataclass(frozen=True)
class Cost:
    """What a call of snakemake took: wall-clock seconds, and CPU seconds of all its processes."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.1f} s, {self.cpu:.1f} s of CPU"


def copy_grid(folder: Path) -> SmallProject:
    """Copy the workflow with the paper's grid on sample logs and one epoch of training."""
    project = copy_project(folder)
    paper = yaml.safe_load((folder / "config/paper.yaml").read_text(encoding="utf-8"))
    names = _learners(paper)
    override = {name: {**paper["override"].get(name, {}), "epochs": 1} for name in names}
    project.edit(
        "config/paper.yaml",
        name="sample-paper",
        logs="sample",
        datasets=list(TRAINING),
        device="cpu",
        override=override,
    )
    return project


def _learners(paper: dict[str, Any]) -> dict[str, str]:
    """Name the learners' kinds."""
    methods = load_settings(paper, Path(__file__).parents[2] / "config").methods
    return {name: own.kind for name, own in methods.items() if isinstance(own, LearnerSettings)}


def training() -> float:
    """Add up the seconds that the real grid's trainings take."""
    config = Path(__file__).parents[2] / "config/paper.yaml"
    kinds = _learners(yaml.safe_load(config.read_text(encoding="utf-8"))).values()
    return float(SEEDS * sum(own[kind] for own in TRAINING.values() for kind in kinds))


def run(project: SmallProject, *arguments: str) -> Cost:
    """Run snakemake on the grid."""
    start = time.perf_counter()
    with (project.folder / "snakemake.out").open("wb") as out:
        command = [*COMMAND, *arguments]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = subprocess.run(command, cwd=project.folder, stdout=out, stderr=out, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode:
        raise SystemExit((project.folder / "snakemake.out").read_text(encoding="utf-8")[-3000:])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.perf_counter() - start, cpu)


def jobs(project: SmallProject) -> pl.DataFrame:
    """Count and time the finished jobs by rule, from snakemake's own records."""
    columns = ["rule", "job_hash", "starttime", "endtime"]
    files = pl.DataFrame([{name: record[name] for name in columns} for record in _records(project)])
    single = files.group_by("rule", "job_hash").agg(
        (pl.max("endtime") - pl.min("starttime")).alias("seconds")
    )
    return (
        single.group_by("rule")
        .agg(jobs=pl.len(), total=pl.sum("seconds"), median=pl.median("seconds"))
        .sort("total", descending=True)
    )


def _records(project: SmallProject) -> Iterator[dict[str, Any]]:
    for path in (project.folder / ".snakemake/metadata").rglob("*"):
        if path.is_file():
            yield json.loads(path.read_text(encoding="utf-8"))


def main() -> None:
    """Run the grid in the folder named, or in one of its own, and print what it cost."""
    console = Console(width=130)
    with tempfile.TemporaryDirectory(prefix="bench-orchestration-") as scratch:
        project = copy_grid(Path(sys.argv[1] if sys.argv[1:] else scratch, "grid"))
        console.print(f"planning the grid: {run(project, '--dry-run')}")
        whole = run(project)
        console.print(f"running the grid: {whole}")
        console.print(f"planning it when nothing is left to do: {run(project, '--dry-run')}")
        console.print(f"running it when nothing is left to do: {run(project)}")
        with pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
            console.print(jobs(project))
    trained = training() / CORES
    console.print(
        f"{whole.wall / 60:.1f} minutes are {100 * whole.wall / trained:.0f} % of the "
        f"{trained / 60:.0f} minutes that the real grid trains on {CORES} cores"
    )


if __name__ == "__main__":
    main()
