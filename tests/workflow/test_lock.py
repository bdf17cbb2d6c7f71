"""Who only looks at a run leaves it alone; a second run of it is refused."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.workflow.small_project import SNAKEMAKE, SmallProject, scripts_of, wait_until

REFUSED = "Another snakemake works in results/sample; wait until it ends."
LOOKS = (["--dry-run"], ["--summary"], ["--lint"], ["--list-changes", "params"])


def state(project: SmallProject) -> set[Path]:
    """List the files there are, without snakemake's own logs and cache."""
    found = {p.relative_to(project.folder) for p in project.folder.rglob("*") if p.is_file()}
    own = {(".snakemake", name) for name in ("log", "iocache")}
    return {path for path in found if path.parts[:2] not in own}


@pytest.mark.slow
def test_a_dry_run_writes_nothing(project: SmallProject) -> None:
    before = state(project)
    assert "train paml 0" in project.planned()
    assert state(project) == before


@pytest.mark.slow
def test_a_live_run_goes_on_beside_those_who_look_at_it(encoded: SmallProject) -> None:
    project = encoded
    long = {"paml": {"epochs": 40, "outer_lr": 1e-3}}
    project.edit("config/config.yaml", methods=["two-bias", "paml"], seeds=[0], override=long)
    trial = project.folder / "results/sample/movielens/methods/paml/seed-0"
    command = [str(SNAKEMAKE), f"{trial.relative_to(project.folder)}/training.json", "--cores", "2"]
    with (project.folder / "output.txt").open("wb") as output:
        live = subprocess.Popen(
            command, cwd=project.folder, stdout=output, stderr=output, start_new_session=True
        )
        try:
            wait_until((trial / ".checkpoint.safetensors").exists)
            for process in scripts_of(live):
                process.suspend()  # the training must not end before the looks do
            for look in LOOKS:
                project.snakemake(*look)
            before = {*(project.folder / "results/sample").rglob("*")}
            refused = project.snakemake("all")
            assert {*(project.folder / "results/sample").rglob("*")} == before
            assert live.poll() is None
            os.killpg(live.pid, signal.SIGKILL)
        finally:
            live.kill()
            live.wait()
    assert refused.returncode == 1
    assert REFUSED in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    done = project.snakemake(*command[1:2])  # the same command goes on
    assert done.returncode == 0, done.stderr
    log = project.folder / "results/sample/movielens/logs/train/paml-0.log"
    assert "training resumes after epoch" in log.read_text(encoding="utf-8")
