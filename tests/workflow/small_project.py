"""A copy of the workflow in a temporary folder, small enough to run for real in tests."""

import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

ROOT = Path(__file__).parents[2]
SNAKEMAKE = Path(sys.executable).with_name("snakemake")
SERVER = "pipeline_lib.jobs.forks.server"
HANGS = 1800  # seconds after which even a slow machine would have ended
STORE = "results/mlflow/mlflow.db"
# Where it says where artifacts are.
ARTIFACTS = {"experiments": "artifact_location", "runs": "artifact_uri", "model_versions": "source"}
OUTPUT = "output.txt"  # what the run printed that tests share
JOB = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", re.MULTILINE)


def wait_until(met: Callable[[], bool]) -> None:
    """Wait for something to be so, however slow the machine is."""
    end = time.monotonic() + HANGS
    while not met():
        assert time.monotonic() < end, f"not so after {HANGS} s"
        time.sleep(0.2)


@dataclass(frozen=True)
class SmallProject:
    """A workflow to run: Snakefile, workflow/ and config/ in a folder of its own."""

    folder: Path

    def snakemake(self, *arguments: str, cores: int = 2) -> subprocess.CompletedProcess[str]:
        command = [str(SNAKEMAKE), "--cores", str(cores), *arguments]
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, timeout=HANGS
        )

    def planned(self, *arguments: str) -> set[str]:
        """Name the jobs that a dry run would do, as `rule` or `rule method seed`."""
        result = self.snakemake("--dry-run", *arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        jobs = JOB.findall(result.stdout + result.stderr)
        return {" ".join([rule, *_wildcards(body)]) for rule, body in jobs} - {"all"}

    def edit(self, file: str, **changes: object) -> None:
        path = self.folder / file
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        path.write_text(yaml.safe_dump(content | changes, sort_keys=False), encoding="utf-8")


def _wildcards(body: str) -> Sequence[str]:
    found = re.search(r"wildcards: (.*)", body)
    pairs = dict(pair.split("=") for pair in found[1].split(", ")) if found else {}
    return [pairs[key] for key in ("method", "seed") if key in pairs]


def copy_project(folder: Path) -> SmallProject:
    for name in ("workflow", "config"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "Snakefile", folder)
    (folder / "profiles").symlink_to("workflow/profiles")
    project = SmallProject(folder)
    for dataset in ("movielens", "bookcrossing", "taobao"):
        sample = {"generator": dataset, "users": 150, "items": 80, "seed": 1}
        project.edit(f"config/datasets/{dataset}.yaml", sample=sample)
    project.edit(
        "config/config.yaml",
        datasets=["movielens"],
        methods=["two-bias", "melu", "paml"],
        seeds=[0, 1],
        device="cpu",
        override={name: {"epochs": 2, "outer_lr": 1e-3} for name in ("melu", "paml")},
    )
    return project


def copy_finished(run: SmallProject, folder: Path) -> SmallProject:
    """Copy a finished run to go on from."""
    leave = shutil.ignore_patterns("mlflow.db", "artifacts", "sender.*")
    shutil.copytree(run.folder, folder, symlinks=True, ignore=leave)
    _copy_store(run.folder, folder)
    return SmallProject(folder)


def copy_encoded(run: SmallProject, folder: Path) -> SmallProject:
    """Copy a finished run as it was before any method was trained; the files keep their ages."""
    leave = shutil.ignore_patterns("results", OUTPUT)
    shutil.copytree(run.folder, folder, symlinks=True, ignore=leave)
    for part in ("raw", "clean", "split", "episodes"):
        here = f"results/sample/movielens/{part}"
        shutil.copytree(run.folder / here, folder / here)
    _copy_store(run.folder, folder)
    return SmallProject(folder)


def _copy_store(before: Path, after: Path) -> None:
    """Copy MLflow's store, to make which takes seconds; it keeps artifacts in its new folder."""
    (after / STORE).parent.mkdir(exist_ok=True)
    shutil.copy(before / STORE, after / STORE)
    with closing(sqlite3.connect(after / STORE)) as store, store:
        for table, column in ARTIFACTS.items():
            change = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"  # noqa: S608
            store.execute(change, (str(before), str(after)))


def scripts_of(workflow: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """List the processes of scripts that run now: forks, and all that wait for a script's end."""
    return _children(
        workflow, lambda c: any(own.endswith(".py") for own in c.cmdline()) or _forked(c)
    )


def servers_of(workflow: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """List the process that forks scripts, if it runs."""
    return _children(workflow, lambda child: SERVER in child.cmdline() and not _forked(child))


def _children(
    workflow: "subprocess.Popen[bytes]", wanted: Callable[[psutil.Process], bool]
) -> list[psutil.Process]:
    found = []
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(workflow.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if wanted(child):
                    found.append(child)
    return found


def _forked(process: psutil.Process) -> bool:
    parent = process.parent()
    return SERVER in process.cmdline() and parent is not None and SERVER in parent.cmdline()
