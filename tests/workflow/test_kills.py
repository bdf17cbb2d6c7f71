"""Killed at random moments, and run again with the same command, the workflow ends as if never
killed: the same bytes."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.workflow.small_project import SNAKEMAKE, SmallProject, copy_project, scripts_of

KILLS = 52
IN_A_RUN = 4
HANGS = 900  # seconds after which even a slow machine would have ended
SEED = 20260101
HERE = "results/sample/movielens"
METHODS = ["two-bias", "melu", "at-paml", "reg-paml"]
# SIGXCPU and SIGUSR1 are what schedulers send when the time is up.
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGXCPU, signal.SIGUSR1]

pytestmark = pytest.mark.slow


def long_enough_to_be_killed(folder: Path) -> SmallProject:
    project = copy_project(folder)
    override = {name: {"epochs": 200, "outer_lr": 1e-3} for name in METHODS[1:]}
    project.edit("config/config.yaml", methods=METHODS, seeds=[0], override=override)
    return project


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run gives that nothing disturbs."""
    undisturbed = long_enough_to_be_killed(tmp_path_factory.mktemp("undisturbed") / "project")
    done = undisturbed.snakemake("all")
    assert done.returncode == 0, done.stderr
    found = results(undisturbed)
    assert sum("weights" in name for name in found) == 4
    return found


def results(project: SmallProject) -> dict[str, bytes]:
    """What must be the same: all but times, places and revisions."""
    folder = project.folder / HERE
    suffixes = {".safetensors", ".csv", ".tex", ".md"}
    chosen = [path for path in folder.rglob("*") if path.suffix in suffixes]
    chosen += folder.rglob("predictions.parquet")
    timed = ("costs", "learning_curves")
    hidden = {
        p for p in chosen if any(part.startswith(".") for part in p.relative_to(folder).parts)
    }
    files = [p for p in {*chosen} - hidden if p.stem not in timed and "model" not in p.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(files)}


def begin_training_again(project: SmallProject) -> None:
    shutil.rmtree(project.folder / "results/sample/tables")
    (project.folder / "results/sample/report.html").unlink()
    for path in (project.folder / HERE).iterdir():
        if path.name not in {"raw", "clean", "split", "episodes", "logs"}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def start(project: SmallProject) -> "subprocess.Popen[bytes]":
    with (project.folder / "output.txt").open("ab") as output:
        return subprocess.Popen(
            [str(SNAKEMAKE), "all", "--cores", "2", "--retries", "2"],
            cwd=project.folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def wait_for_jobs(workflow: "subprocess.Popen[bytes]") -> None:
    """Wait until snakemake has planned, however slow the machine is."""
    while workflow.poll() is None and not scripts_of(workflow):
        time.sleep(0.05)


def kill_something(workflow: "subprocess.Popen[bytes]", chance: random.Random) -> str:
    """Kill snakemake, its jobs or both; tell which, or nothing where all had ended."""
    jobs = scripts_of(workflow)
    number = chance.choice(SIGNALS)
    if jobs and chance.random() < 0.75:
        with suppress(psutil.NoSuchProcess):
            chance.choice(jobs).send_signal(number)
            return f"job {number.name}"
    if workflow.poll() is not None:
        return ""
    if chance.random() < 0.3:  # as when the machine is lost
        os.killpg(workflow.pid, signal.SIGKILL)
        return "all SIGKILL"
    workflow.send_signal(signal.SIGKILL if chance.random() < 0.7 else signal.SIGTERM)
    return "snakemake"


def said(project: SmallProject) -> str:
    return (project.folder / "output.txt").read_text(encoding="utf-8")


def kill_between_epochs(project: SmallProject) -> None:
    """Kill everything at once as soon as a training has left a checkpoint."""
    workflow = start(project)
    while workflow.poll() is None:
        if any((project.folder / HERE).glob("methods/*/*/.checkpoint.safetensors")):
            os.killpg(workflow.pid, signal.SIGKILL)
            workflow.wait()
            return
        time.sleep(0.01)
    pytest.fail("no training left a checkpoint")


def test_random_kills_change_no_byte(tmp_path: Path, expected: dict[str, bytes]) -> None:
    project, chance = long_enough_to_be_killed(tmp_path / "killed"), random.Random(SEED)  # noqa: S311
    kills: Counter[str] = Counter()
    kill_between_epochs(project)  # random kills seldom meet a training between two epochs
    rounds = 0
    while kills.total() < KILLS:
        workflow = start(project)
        if chance.random() < 0.8:  # the others are met while they plan
            wait_for_jobs(workflow)
        for _ in range(IN_A_RUN):
            with suppress(subprocess.TimeoutExpired):
                workflow.wait(chance.uniform(0.2, 3))
            if victim := kill_something(workflow, chance):
                kills[victim] += 1
        try:
            workflow.wait(HANGS)
        finally:
            if workflow.poll() is None:
                os.killpg(workflow.pid, signal.SIGKILL)
                pytest.fail(f"after {kills}, snakemake did not end")
        if workflow.returncode == 0:  # all was done: compare, and begin again
            assert results(project) == expected
            rounds += 1
            begin_training_again(project)
    resumed = said(project).count("training resumes after epoch")
    ended = project.snakemake("all")
    assert ended.returncode == 0, ended.stderr
    assert results(project) == expected
    print(f"{kills.total()} kills ({kills}), {rounds} whole rounds, training resumed {resumed}x")
    assert resumed > 0
    assert not list(project.folder.rglob(".checkpoint*"))


# A marker for each file; scratch folders have another name each time.
CRASH = r"""
import os, pathlib, re, signal
replace = pathlib.Path.replace
def crash_once(self, target):
    own = re.sub(r".*results/|[.](model|clean)-[^/]+", "", str(target)).replace("/", "!")
    marker = pathlib.Path(os.environ["CRASHES"], own)
    if self.name.startswith(".") and not marker.exists():
        marker.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
pathlib.Path.replace = crash_once
"""


def test_a_crash_between_writing_and_renaming_any_file_changes_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every job is killed once before each rename, and tried again."""
    undisturbed, project = copy_project(tmp_path / "undisturbed"), copy_project(tmp_path / "p")
    for own in (undisturbed, project):
        own.edit("config/config.yaml", methods=["two-bias", "at-paml"], seeds=[0], override={})
        own.edit("config/methods/at-paml.yaml", epochs=2)
    assert undisturbed.snakemake("all").returncode == 0
    (tmp_path / "sitecustomize.py").write_text(CRASH, encoding="utf-8")
    crashes = tmp_path / "crashes"
    crashes.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("CRASHES", str(crashes))
    done = project.snakemake("all", "--retries", "60")
    assert done.returncode == 0, done.stderr[-2000:]
    names = {path.name.split("!")[-1] for path in crashes.iterdir()}
    assert {"weights.safetensors", ".checkpoint.safetensors", "table2.csv", "report.html"} <= names
    print(f"{len(list(crashes.iterdir()))} crashes")
    assert results(project) == results(undisturbed)


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    return folder


def test_a_full_disk_is_named_and_once_there_is_room_work_goes_on(
    small_disk: Path, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    project = long_enough_to_be_killed(tmp_path / "p")
    try:
        (project.folder / "results").symlink_to(small_disk)
        assert project.snakemake("--until", "encode").returncode == 0
        ballast = small_disk / "ballast"
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize
        ballast.write_bytes(bytes(free - 200_000))
        failed = project.snakemake("all", "--keep-going")
        assert failed.returncode == 1
        assert "No space left on device" in failed.stderr
        assert not list((project.folder / HERE).rglob("report.html"))
        ballast.unlink()
        done = project.snakemake("all")
        assert done.returncode == 0, done.stderr[-2000:]
        assert results(project) == expected
    finally:
        time.sleep(1)  # the process that sends to MLflow may still write
        subprocess.run(["umount", "--lazy", str(small_disk)], check=False)
