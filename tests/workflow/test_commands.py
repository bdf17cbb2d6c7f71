"""Every command in README.md and docs/ is run by a test; those here are planned, or quickly run."""

import ast
import importlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workflow.checkout import Checkout, filled, ready, small
from tests.workflow.held_commands import (
    COMMANDS,
    ELSEWHERE,
    HERE,
    OTHER_PAGE,
    held,
    matches,
    of,
    one_line,
)
from tests.workflow.page import steps
from tests.workflow.small_project import ROOT


def test_every_command_is_run_by_a_test() -> None:
    assert len(COMMANDS) > 50
    assert [str(command) for command in COMMANDS if not held(command)] == []


def test_every_line_of_the_tables_is_of_a_command() -> None:
    assert [p for p in HERE if not any(matches(p, c.text) for c in COMMANDS)] == []
    assert [p for p in ELSEWHERE if not any(matches(p, str(c)) for c in COMMANDS)] == []


@pytest.mark.parametrize("name", sorted({*ELSEWHERE.values(), *HERE.values()}))
def test_the_test_that_is_named_exists(name: str) -> None:
    path, function = name.split("::")
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_page_on_own_logs_has_no_command_outside_its_steps() -> None:
    done = [step.text for step in steps(Path(OTHER_PAGE).name) if step.kind == "bash"]
    own = [c.text for c in COMMANDS if c.page == OTHER_PAGE]
    assert [text for text in own if not any(text in step for step in done)] == []


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Nothing is ever run here but what leaves no trace."""
    return small(tmp_path_factory.mktemp("planned") / "project")


@pytest.mark.slow
@pytest.mark.parametrize("text", of("test_snakemake_plans_it"), ids=one_line)
def test_snakemake_plans_it(planned: Checkout, text: str) -> None:
    output = planned.shell(filled(text).replace("snakemake", "snakemake --dry-run", 1))
    assert re.search(r"^total +\d+$", output, re.MULTILINE)


MAKE_TEST = "test_make_test_runs_what_it_says"
MARKS = ("slow", "exhaustive", "slurm", "realdata")
TESTS = "import pytest\n\n\ndef test_default(): ...\n" + "".join(
    f"\n\n@pytest.mark.{mark}\ndef test_{mark}(): ...\n" for mark in MARKS
)


@pytest.mark.slow
@pytest.mark.parametrize("text", of(MAKE_TEST), ids=one_line)
def test_make_test_runs_what_it_says(planned: Checkout, text: str) -> None:
    """Not this suite, but one of a test for each mark."""
    (planned.folder / "tests").mkdir(exist_ok=True)
    (planned.folder / "tests/test_marks.py").write_text(TESTS, encoding="utf-8")
    output = planned.shell(filled(text), PYTEST_ADDOPTS="-v", CORES="0")
    mark = re.search(r"-m (\w+)", text)
    passed = re.findall(r"::test_(\w+) PASSED", output)
    assert passed == [mark[1] if mark else "default"]


@pytest.mark.slow
def test_make_writes_and_sends(planned: Checkout) -> None:
    commands = of("test_make_writes_and_sends")
    schemas, lock = planned.folder / "config/schemas", planned.folder / "constraints.txt"
    shutil.rmtree(schemas)
    schemas.mkdir()
    lock.unlink()
    lock.touch()
    ready(planned)
    said = "".join(planned.shell(command) for command in commands)
    assert "MLflow has everything." in said
    kept = ROOT / "config/schemas"
    assert {p.name: p.read_bytes() for p in schemas.iterdir()} == {
        p.name: p.read_bytes() for p in kept.iterdir()
    }
    lines = lock.read_text(encoding="utf-8").splitlines()
    assert {"numpy", "snakemake", "torch"} <= {line.split("==")[0] for line in lines}
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


def test_make_would_do_what_it_says(planned: Checkout) -> None:
    said = {}
    for text in of("test_make_would_do_what_it_says"):
        (planned.folder / ".venv/ready").unlink(missing_ok=True)
        said[text] = planned.shell(text.replace("make", "make --dry-run"))
    ready(planned)
    installs = re.findall(r"pip install .*--constraint constraints\.txt", said["make .venv/ready"])
    assert len(installs) == 2
    assert "[dev]" not in said["make .venv/ready"]
    assert "--editable '.[dev]'" in said["make lint"]
    linters = re.findall(r"bin/(\w+) ?(format)?", said["make lint"])
    assert {*linters} >= {("ruff", ""), ("ruff", "format"), ("snakefmt", ""), ("mypy", "")}
    modules = re.findall(r"python -m (tests\.benchmarks\.\w+)", said["make bench"])
    assert len(modules) == 7
    assert all(callable(importlib.import_module(name).main) for name in modules)


SMALLER: dict[str, dict[str, object]] = {
    "search": {"WIDTHS": (2, 8), "NODES": (100, 300), "BATCHES": 2},
    "serving": {
        "METHODS": ["two-bias", "paml"],
        "ITEMS": 60,
        "USERS": 150,
        "TIMES": 2,
        "BATCHES": (1, 2),
        "CANDIDATES": 20,
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("text", of("test_a_benchmark_made_small"))
def test_a_benchmark_made_small(planned: Checkout, text: str) -> None:
    module = text.split()[-1]
    sizes = SMALLER[module.rpartition(".")[2]]
    code = f"import {module} as own; vars(own).update({sizes}); own.main()"
    assert planned.shell(f'python -c "{code}"')


def test_the_environment_is_activated(planned: Checkout) -> None:
    (command,) = of("test_the_environment_is_activated")
    there = planned.shell(f"{command} && command -v snakemake", PATH="/usr/bin:/bin")
    assert Path(there.strip()).resolve() == (planned.folder / ".venv/bin/snakemake").resolve()


def test_hidden_files_are_found(planned: Checkout) -> None:
    (command,) = of("test_hidden_files_are_found")
    folder = planned.folder / "results/sample"
    folder.mkdir(parents=True)
    left = {".weights.123", "..checkpoint.safetensors.4567"}
    names = {*left, ".checkpoint.safetensors", ".snakemake_timestamp", "weights.safetensors"}
    for name in names:
        (folder / name).touch()
    planned.shell(command)
    assert {path.name for path in folder.iterdir()} == names - left
    shutil.rmtree(planned.folder / "results")


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs ssh")
def test_the_tunnel_leads_to_the_server(planned: Checkout) -> None:
    """Without a server: what ssh makes of the options."""
    (command,) = of("test_the_tunnel_leads_to_the_server")
    said = planned.shell(command.replace("ssh", "ssh -G", 1).replace("<server>", "server"))
    assert "localforward 5000 [127.0.0.1]:5000" in said


def docker() -> bool:
    """Return whether there is a daemon."""
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not docker(), reason="needs a Docker daemon")
def test_the_image_is_built(tmp_path: Path) -> None:
    (command,) = of("test_the_image_is_built")
    project = small(tmp_path / "project")
    shutil.copytree(ROOT / "pipeline_lib", project.folder / "pipeline_lib")
    for name in ("README.md", "LICENSE"):
        shutil.copy(ROOT / name, project.folder)
    shutil.rmtree(project.folder / ".venv")
    project.shell(command)
