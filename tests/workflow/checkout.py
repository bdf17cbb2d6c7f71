"""A small project as one has it after the set-up, and commands run in it as a page shows them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from pipeline_lib.data.sample.write import write_sample
from pipeline_lib.settings.dataset import SampleLogs
from pipeline_lib.settings.load import read_dataset
from tests.workflow.small_project import HANGS, ROOT, SmallProject, copy_project

BIN = Path(sys.executable).parent
LOGS = "logs"  # in the place of <folder>
# What a `make` that runs the tests hands down, and what sends runs elsewhere.
OTHERS = ("MAKE", "MFLAGS", "PYTEST", "CORES", "PORT", "MLFLOW_TRACKING_URI")


class Checkout(SmallProject):
    """A project with its Makefile and an environment in .venv."""

    def shell(self, command: str, **more: str) -> str:
        """Run a command as somebody would who follows a page; return what it prints."""
        done = subprocess.run(
            ["bash", "-euc", command],
            cwd=self.folder,
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=HANGS,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout[-6000:]}"
        return done.stdout


def environment(**more: str) -> dict[str, str]:
    """The environment of somebody who activated .venv."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(OTHERS)}
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return own | {"PATH": path, "PYTHONPATH": str(ROOT)} | more


def set_up(project: SmallProject) -> Checkout:
    """Add the Makefile, and the environment that runs the tests."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, project.folder)
    (project.folder / ".venv").mkdir()
    for path in Path(sys.prefix).iterdir():
        if path.name not in {"ready", "tools"}:
            (project.folder / ".venv" / path.name).symlink_to(path)
    ready(project)
    return Checkout(project.folder)


def ready(project: SmallProject) -> None:
    """Mark the environment as up to date."""
    for name in ("ready", "tools"):
        (project.folder / ".venv" / name).touch()


def small(folder: Path) -> Checkout:
    """Set up a project with little to train, and raw logs where <folder> is to be."""
    project = copy_project(folder)
    shorten(project)
    for name in ("movielens", "bookcrossing", "taobao"):
        dataset = read_dataset(folder / "config/datasets", name)
        place = folder / LOGS / dataset.folder
        files = {role: place / table.file for role, table in dataset.tables().items()}
        write_sample(files, SampleLogs(generator=name, users=150, items=80, seed=1))
    return set_up(project)


def shorten(project: SmallProject) -> None:
    """Let the default run and the paper's train few methods, and for an epoch."""
    quick = {"epochs": 1, "outer_lr": 1e-3}
    of_default, of_paper = ["two-bias", "at-paml", "reg-paml"], ["two-bias", "paml"]
    override = dict.fromkeys(of_default[1:], quick)
    project.edit("config/config.yaml", methods=of_default, seeds=[0], override=override)
    override = dict.fromkeys(of_paper[1:], quick)
    project.edit("config/paper.yaml", methods=of_paper, seeds=[0], override=override)


def filled(command: str) -> str:
    """Fill in where the logs are, and use no more cores than there are."""
    return re.sub(r"--cores \d+", "--cores 2", command.replace("<folder>", LOGS))


def nothing_is_left(project: Checkout, command: str) -> None:
    """A second call finds all done."""
    again = project.shell(command.replace("snakemake", "snakemake --dry-run", 1))
    assert "Nothing to be done" in again
