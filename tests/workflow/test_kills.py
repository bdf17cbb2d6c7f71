"""Killed at random moments, and run again with the same command, the workflow ends as if never
killed: the same bytes."""

import os
import random
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.workflow.small_project import (
    HANGS,
    SNAKEMAKE,
    SmallProject,
    copy_encoded,
    copy_project,
    scripts_of,
    servers_of,
    wait_until,
)

SEEDS = (
    pytest.param(0, marks=pytest.mark.slow),
    *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(1, 9)),
)
HERE = "results/sample/movielens"
METHODS = ["two-bias", "at-paml"]  # of all learners, AT-PAML has most to take up again
# What is killed in a run, one after the other. SIGXCPU and SIGUSR1 are what schedulers send when
# the time is up.
KILLS = (
    ("job SIGKILL", "job SIGTERM", "server SIGKILL", "snakemake SIGKILL"),
    ("job SIGXCPU", "job SIGUSR1", "snakemake SIGTERM"),
)


def configure(project: SmallProject) -> SmallProject:
    """Let a training last long enough to be killed."""
    override = {"at-paml": {"epochs": 40, "outer_lr": 1e-3}}
    project.edit("config/config.yaml", methods=METHODS, seeds=[0], override=override)
    return project


@pytest.fixture(scope="module")
def expected(finished: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run gives that nothing disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed") / "project"
    undisturbed = configure(copy_encoded(finished, folder))
    done = undisturbed.snakemake("all")
    assert done.returncode == 0, done.stderr
    found = results(undisturbed)
    assert sum("weights" in name for name in found) == len(METHODS)
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


def kill(workflow: "subprocess.Popen[bytes]", victim: str) -> bool:
    """Kill snakemake, a job of it or what forks them; return whether there was any such."""
    what, name = victim.split()
    while workflow.poll() is None:
        with suppress(psutil.NoSuchProcess):
            if what == "snakemake":
                workflow.send_signal(signal.Signals[name])
                return True
            found = servers_of(workflow) if what == "server" else scripts_of(workflow)
            if found:
                found[-1].send_signal(signal.Signals[name])
                return True
        time.sleep(0.05)
    return False


def wait_for_jobs(workflow: "subprocess.Popen[bytes]") -> None:
    """Wait until snakemake has planned, however slow the machine is."""
    while workflow.poll() is None and not scripts_of(workflow):
        time.sleep(0.05)


def wait_for_end(workflow: "subprocess.Popen[bytes]") -> None:
    try:
        workflow.wait(HANGS)
    finally:
        if workflow.poll() is None:
            os.killpg(workflow.pid, signal.SIGKILL)
            pytest.fail("snakemake did not end")


def said(project: SmallProject) -> str:
    return (project.folder / "output.txt").read_text(encoding="utf-8")


def kill_while_it_plans(project: SmallProject, chance: random.Random) -> None:
    """Kill everything at once, as when the machine is lost."""
    logs = project.folder / ".snakemake/log"
    before = {*logs.glob("*")}
    workflow = start(project)
    wait_until(lambda: {*logs.glob("*")} > before)
    time.sleep(chance.uniform(0, 2))
    os.killpg(workflow.pid, signal.SIGKILL)
    workflow.wait()


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


@pytest.mark.parametrize("seed", SEEDS)
def test_kills_of_every_kind_change_no_byte(
    finished: SmallProject, tmp_path: Path, expected: dict[str, bytes], seed: int
) -> None:
    """While snakemake plans, between two epochs, and at moments of chance in jobs."""
    project = configure(copy_encoded(finished, tmp_path / "killed"))
    chance, whole = random.Random(seed), 0  # noqa: S311
    kill_while_it_plans(project, chance)
    kill_between_epochs(project)
    waiting = [*map(list, KILLS)]
    while waiting:
        workflow = start(project)
        wait_for_jobs(workflow)
        while waiting[0]:
            with suppress(subprocess.TimeoutExpired):
                workflow.wait(chance.uniform(0.2, 3))
            if not kill(workflow, waiting[0][0]):
                break
            waiting[0].pop(0)
        wait_for_end(workflow)
        waiting = [left for left in waiting if left]
        if workflow.returncode == 0:  # all was done: compare, and begin again
            assert results(project) == expected
            whole += 1
            if waiting:
                begin_training_again(project)
    ended = project.snakemake("all")
    assert ended.returncode == 0, ended.stderr
    assert results(project) == expected
    resumed = said(project).count("training resumes after epoch")
    print(f"{whole} whole rounds, training resumed {resumed}x")
    assert resumed > 0
    assert not list(project.folder.rglob(".checkpoint*"))


# A marker for each kind of file in a folder; scratch folders have another name each time.
CRASH = r"""
import os, pathlib, re, signal
replace = pathlib.Path.replace
def crash_once(self, target):
    own = re.sub(r".*results/|[.](model|clean)-[^/]+", "", str(target))
    own = re.sub(r"/\w+[.](?=\w+$)", "/any.", own).replace("/", "!")
    marker = pathlib.Path(os.environ["CRASHES"], own)
    if self.name.startswith(".") and not marker.exists():
        marker.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
pathlib.Path.replace = crash_once
"""


@pytest.mark.slow
def test_a_crash_between_writing_and_renaming_any_file_changes_no_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected: dict[str, bytes]
) -> None:
    """Every job is killed once before each kind of rename, and tried again."""
    project = configure(copy_project(tmp_path / "p"))
    (tmp_path / "sitecustomize.py").write_text(CRASH, encoding="utf-8")
    crashes = tmp_path / "crashes"
    crashes.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("CRASHES", str(crashes))
    done = project.snakemake("all", "--retries", "60")
    assert done.returncode == 0, done.stderr[-2000:]
    names = {path.name.split("!")[-1] for path in crashes.iterdir()}
    assert {"any.safetensors", ".checkpoint.safetensors", "any.csv", "any.html"} <= names
    print(f"{len(list(crashes.iterdir()))} crashes")
    assert results(project) == expected


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    return folder


@pytest.mark.slow
def test_a_full_disk_is_named_and_once_there_is_room_work_goes_on(
    finished: SmallProject, small_disk: Path, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    project = configure(copy_encoded(finished, tmp_path / "p"))
    try:
        shutil.move(project.folder / "results/sample", small_disk)
        shutil.rmtree(project.folder / "results")
        (project.folder / "results").symlink_to(small_disk)
        ballast = small_disk / "ballast"
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_bsize
        ballast.write_bytes(bytes(free - 20_000))  # less than the smallest trial takes
        judged = [f"{HERE}/methods/{m}/seed-0/evaluation.json" for m in METHODS]
        failed = project.snakemake(*judged, "--keep-going")
        assert failed.returncode == 1
        assert "No space left on device" in failed.stderr
        assert not any((project.folder / target).exists() for target in judged)
        ballast.unlink()
        done = project.snakemake(*judged)
        assert done.returncode == 0, done.stderr[-2000:]
        found = results(project)
        assert found.keys() >= {f"methods/{m}/seed-0/weights.safetensors" for m in METHODS}
        assert found.items() <= expected.items()
    finally:
        time.sleep(1)  # the process that sends to MLflow may still write
        subprocess.run(["umount", "--lazy", str(small_disk)], check=False)
