"""The workflow on a real Slurm: through sbatch, on a GPU's partition, after scancel, after the
loss of a node."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline_lib.training.attempt import FOLDER, read_attempt
from tests.cluster.slurm import NODES, Slurm, missing, processes_of, running
from tests.workflow.small_project import HANGS, SmallProject, copy_encoded, wait_until

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(bool(missing()), reason=missing() or "Slurm is here"),
]

HERE = "results/sample/movielens"
WEIGHTS = f"{HERE}/methods/paml/seed-0/weights.safetensors"
# The tests' Slurm has no accounts, and nobody to wait for.
PROFILE = ("--workflow-profile", "workflow/profiles/slurm")
QUICK = ("--slurm-init-seconds-before-status-checks", "2", "--latency-wait", "10")


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    with running(tmp_path_factory.mktemp("slurm")) as own:
        yield own


def configure(project: SmallProject, epochs: int) -> SmallProject:
    """Train PAML alone, with the first seed alone."""
    override = {"paml": {"epochs": epochs, "outer_lr": 1e-3}}
    project.edit("config/config.yaml", methods=["paml"], seeds=[0], override=override)
    return project


@pytest.fixture
def long(finished: SmallProject, tmp_path: Path) -> SmallProject:
    """All but a training that lasts long enough to be ended."""
    return configure(copy_encoded(finished, tmp_path / "long"), epochs=60)


@pytest.fixture(scope="module")
def alone(finished: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """The same training without a cluster."""
    folder = tmp_path_factory.mktemp("alone") / "project"
    project = configure(copy_encoded(finished, folder), epochs=60)
    done = project.snakemake(WEIGHTS)
    assert done.returncode == 0, done.stderr
    return project


# The plugin waits ten seconds longer after each look at which no job had ended.
EVERY_TWO = """
from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
RemoteExecutor.next_seconds_between_status_checks = property(lambda _: 2, lambda _, __: None)
main()
"""


@contextmanager
def submitted(project: SmallProject, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run the workflow from a login node."""
    command = [sys.executable, "-P", "-c", EVERY_TWO, *arguments, *PROFILE, *QUICK]
    with (project.folder / "output.txt").open("a") as output:
        process = subprocess.Popen(
            command,
            cwd=project.folder,
            stdout=output,
            stderr=output,
            text=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def finish(process: "subprocess.Popen[str]", project: SmallProject) -> str:
    process.wait(HANGS)
    output = (project.folder / "output.txt").read_text(encoding="utf-8")
    assert process.returncode == 0, output[-4000:]
    return output


def training(slurm: Slurm, project: SmallProject) -> dict[str, str] | None:
    """The job that trains PAML, once it has an epoch behind it."""
    if not (project.folder / WEIGHTS).with_name(".checkpoint.safetensors").exists():
        return None
    running = [job for job in slurm.jobs() if job["JobState"] == "RUNNING"]
    own = [job for job in running if "train" in job.get("Comment", "") and paml(job)]
    return own[0] if own else None


def ended(slurm: Slurm, number: str) -> dict[str, str]:
    """A job once Slurm has cleaned up after it, which snakemake does not wait for."""

    def states() -> list[dict[str, str]]:
        return [own for own in slurm.jobs() if own["JobId"] == number]

    wait_until(lambda: states()[0]["JobState"] not in {"RUNNING", "COMPLETING"})
    (job,) = states()
    return job


def paml(job: dict[str, str]) -> bool:
    return "paml" in job.get("Comment", "") + job.get("StdOut", "")


def resumed_after(project: SmallProject) -> int:
    """The epoch after which training was taken up."""
    log = (project.folder / HERE / "logs/train/paml-0.log").read_text(encoding="utf-8")
    found = re.search(r"training resumes after epoch (\d+)", log)
    assert found, log[:2000]
    return int(found[1])


def assert_same(project: SmallProject, alone: SmallProject) -> None:
    assert (project.folder / WEIGHTS).read_bytes() == (alone.folder / WEIGHTS).read_bytes()


def test_all_from_training_on_goes_through_sbatch(
    slurm: Slurm, finished: SmallProject, tmp_path: Path
) -> None:
    """The job that asks for a GPU lands where they are; the others where there are none."""
    there = configure(copy_encoded(finished, tmp_path / "there"), epochs=2)  # as `finished` trains
    start = time.monotonic()
    with submitted(there, "all", "--set-resources", "train:gpu=1") as process:
        finish(process, there)
    print(f"{len(slurm.jobs())} jobs of Slurm, {time.monotonic() - start:.0f} s")
    assert_same(there, finished)
    for name in ("predictions.parquet", "users.parquet"):
        path = f"{HERE}/methods/paml/seed-0/{name}"
        assert (there.folder / path).read_bytes() == (finished.folder / path).read_bytes()
    by_partition: dict[str, set[str]] = {"cpu": set(), "gpu": set()}
    for job in slurm.jobs():
        by_partition[job["Partition"]].add(job["Comment"].split("_wildcards")[0])
        assert ("gres:gpu" in str(job)) == (job["Partition"] == "gpu")
    assert {name.removeprefix("rule_") for name in by_partition["gpu"]} == {"train"}
    assert len(by_partition["cpu"]) >= 8
    table = (there.folder / HERE / "tables/table3.md").read_text(encoding="utf-8")
    assert "PAML" in table


def test_a_job_killed_by_scancel_is_taken_up(
    slurm: Slurm, alone: SmallProject, long: SmallProject
) -> None:
    """The next attempt asks for more memory and time, and goes on after the last epoch."""
    with submitted(long, WEIGHTS) as process:
        wait_until(lambda: training(slurm, long) is not None)
        first = training(slurm, long)
        assert first is not None
        slurm.run("scancel", first["JobId"])
        wait_until(lambda: (job := training(slurm, long)) is not None and job != first)
        second = training(slurm, long)
        output = finish(process, long)
    assert second is not None
    assert (first["MinMemoryNode"], second["MinMemoryNode"]) == ("8000M", "16000M")
    assert (first["TimeLimit"], second["TimeLimit"]) == ("08:00:00", "16:00:00")
    assert resumed_after(long) >= 1
    assert_same(long, alone)
    assert "results/slurm" in output


def test_a_job_whose_node_is_lost_is_taken_up_when_there_is_one(
    slurm: Slurm, alone: SmallProject, long: SmallProject
) -> None:
    """Slurm itself puts the job back into its queue; snakemake only waits longer."""
    with submitted(long, WEIGHTS) as process:
        wait_until(lambda: training(slurm, long) is not None)
        job = training(slurm, long)
        assert job is not None
        slurm.lose_node("cpu1")
        slurm.bring_back("cpu1")
        finish(process, long)
    again = ended(slurm, job["JobId"])
    assert (again["Restarts"], again["JobState"]) == ("1", "COMPLETED")
    assert resumed_after(long) >= 1
    assert_same(long, alone)


def test_two_nodes_train_what_two_processes_do_also_when_one_is_lost(
    slurm: Slurm, finished: SmallProject, tmp_path: Path
) -> None:
    """The epochs before the loss are those that it begins with again, to their seconds."""
    folders = (tmp_path / "pair", tmp_path / "spread")
    pair, spread = (configure(copy_encoded(finished, own), epochs=50) for own in folders)
    pair.edit("config/config.yaml", processes=2)
    spread.edit("config/config.yaml", processes=2, nodes=2)
    alone = pair.snakemake(WEIGHTS)
    assert alone.returncode == 0, alone.stderr
    with submitted(spread, WEIGHTS, "--set-resources", "train:slurm_partition=both") as process:
        wait_until(lambda: training(slurm, spread) is not None)
        job = training(slurm, spread)
        assert job is not None
        assert all(trains(node) for node in NODES)
        slurm.lose_node("gpu1")
        slurm.bring_back("gpu1")
        finish(process, spread)
    again = ended(slurm, job["JobId"])
    assert (again["NumNodes"], again["Restarts"], again["JobState"]) == ("2", "1", "COMPLETED")
    folder = (spread.folder / WEIGHTS).with_name(FOLDER)
    lost, whole = ([e.figures for e in read_attempt(p).epochs] for p in sorted(folder.iterdir()))
    assert lost == whole[: len(lost)]
    assert 1 <= len(lost) < len(whole) == 50
    assert_same(spread, pair)


def trains(node: str) -> bool:
    """Whether a process of a team runs on a node."""
    return any("pipeline_lib.training.distributed" in p.cmdline() for p in processes_of(node))
