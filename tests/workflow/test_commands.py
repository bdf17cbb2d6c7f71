"""Every command in README.md and docs/ is run: here, as the page shows it, or by a test named here.

Changed are only cores, ports, places such as <folder>, and the size of the logs and trainings.
"""

import ast
import importlib
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest
from _pytest.mark import ParameterSet

from pipeline_lib.data.sample.write import write_sample
from pipeline_lib.settings.dataset import SampleLogs
from pipeline_lib.settings.load import read_dataset
from tests.serving.test_command import SUPPORT, USERS
from tests.tracking.servers import free_port
from tests.workflow.checkout import Checkout, environment, on_two_cores, set_up
from tests.workflow.commands import Command, commands
from tests.workflow.page import steps
from tests.workflow.small_project import ROOT, copy_project
from tests.workflow.test_raw_logs import point_at

LOGS = "logs"  # in the place of <folder>
LEARNERS = ["melu", "paml", "at-paml", "reg-paml"]
VARIANTS = ["reg-paml-1e-5", "reg-paml-1e-4", "reg-paml-1e-2"]
PAPER = r"snakemake all .*--configfile config/paper\.yaml.*"
CLUSTER = r".*--workflow-profile workflow/profiles/"
UNSOUND = r"snakemake --cores 8 --resources gpu=1 all"

# Commands that other tests run, or what comes to the same where it says so.
ELSEWHERE = {
    r"docs/your-own-logs\.md: .*": "workflow/test_own_logs.py::"
    "test_every_step_gives_what_the_page_shows",
    r".*: make demo": "workflow/test_readme.py::test_the_excerpt_is_what_make_demo_gives",
    # The form that the page warns of.
    f".*: {UNSOUND}": "workflow/test_settings.py::"
    "test_the_form_that_snakemake_cannot_parse_still_fails",
    # Submitted to a Slurm on loopback; here it is planned.
    rf".*: {CLUSTER}slurm": "cluster/test_slurm.py::test_the_whole_workflow_through_sbatch",
    # At its end Slurm.stop cancels the user's jobs.
    r".*: scancel .*": "cluster/test_slurm.py::test_the_whole_workflow_through_sbatch",
    # There is no cluster: what a pod would run is run by hand; here it is planned.
    rf".*: {CLUSTER}kubernetes": "cluster/test_profiles.py::"
    "test_a_job_of_kubernetes_has_image_volume_memory_and_works",
    # The same variable, set for the workflow's process alone.
    r".*: export MLFLOW_TRACKING_URI=.*": "tracking/test_servers.py::"
    "test_eight_trainings_at_once_lose_nothing_on_postgresql",
    # A user with a password and a database, made by initdb instead, and the same server on them.
    r".*: (createuser|createdb|MLFLOW_DISABLE_TELEMETRY=true mlflow server) .*":
    "tracking/test_servers.py::test_eight_trainings_at_once_lose_nothing_on_postgresql",
    # Needs a package index. The packages are in the environment, at the versions pinned.
    r".*: pip install mlflow psycopg2-binary": "test_lock.py::"
    "test_everything_needed_is_pinned_and_installed_so",
}  # fmt: skip

# Commands that this module runs, by the test that does.
HERE = {
    r"snakemake (all )?--cores (?!.*(--configfile|results/)).*": "test_a_run_of_sample_logs",
    PAPER: "test_a_run_of_real_logs",
    r"snakemake --cores 2 results/.*": "test_a_model_on_request",
    r"snakemake --report .*": "test_snakemakes_own_report",
    r"snakemake --unlock": "test_a_lock_is_removed",
    r"make test.*|.* make test .*": "test_make_test_runs_what_it_says",
    r"make (schemas|lock|sync-tracking)": "test_make_writes_and_sends",
    r"make lint": "test_make_lint",
    r"make ui": "test_make_ui_opens_the_pages",
    # Take half an hour, or a package index: what they would do is looked at.
    r"make (bench|\.venv/ready)": "test_make_would_do_what_it_says",
    r"python -m tests\.benchmarks\..*": "test_a_benchmark_made_small",
    r"source .*": "test_the_environment_is_activated",
    r"find .*": "test_hidden_files_are_found",
    r"ssh .*": "test_the_tunnel_leads_to_the_server",
    r"docker build .*": "test_the_image_is_built",
    r"mlflow models serve .*|curl .*": "test_a_model_answers_over_http",
    r"python -m pipeline_lib recommend .*": "test_a_model_answers_a_csv",
}

COMMANDS = commands()


def of(test: str, *, without: str = "$^") -> list[str]:
    """List the commands that a test of this module runs."""
    patterns = [pattern for pattern, name in HERE.items() if name == test]
    matching = [c.text for c in COMMANDS if any(matches(p, c.text) for p in patterns)]
    return [text for text in matching if not matches(without, text)]


def matches(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def one_line(text: str) -> str:
    return " ".join(text.split())


def held(command: Command) -> bool:
    here = any(matches(pattern, command.text) for pattern in HERE)
    return here or any(matches(pattern, str(command)) for pattern in ELSEWHERE)


def test_every_command_is_run_by_a_test() -> None:
    assert len(COMMANDS) > 50
    assert [str(command) for command in COMMANDS if not held(command)] == []


def test_every_line_of_the_tables_is_of_a_command() -> None:
    texts = [command.text for command in COMMANDS]
    assert [p for p in HERE if not any(matches(p, text) for text in texts)] == []
    assert [p for p in ELSEWHERE if not any(matches(p, str(c)) for c in COMMANDS)] == []


@pytest.mark.parametrize("name", sorted({*ELSEWHERE.values(), *HERE.values()}))
def test_the_test_that_is_named_exists(name: str) -> None:
    path, _, function = name.rpartition("::")
    file = ROOT / "tests" / path if path else Path(__file__)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_page_on_own_logs_has_no_command_outside_its_steps() -> None:
    done = [step.text for step in steps("your-own-logs.md") if step.kind == "bash"]
    own = [c.text for c in COMMANDS if c.page == "docs/your-own-logs.md"]
    assert [text for text in own if not any(text in step for step in done)] == []


def small(folder: Path) -> Checkout:
    """Set up a project with little to train, and raw logs where <folder> is."""
    project = copy_project(folder)
    quick = {"epochs": 1, "outer_lr": 1e-3}
    override = dict.fromkeys([*LEARNERS, *VARIANTS], quick)
    own = dict.fromkeys(LEARNERS, quick)
    project.edit("config/config.yaml", methods=["two-bias", *LEARNERS], seeds=[0], override=own)
    methods = ["two-bias", "reg-paml"]
    project.edit("config/paper.yaml", methods=methods, seeds=[0], override=override)
    for name in ("movielens", "bookcrossing", "taobao"):
        dataset = read_dataset(folder / "config/datasets", name)
        place = folder / LOGS / dataset.folder
        files = {role: place / table.file for role, table in dataset.tables().items()}
        write_sample(files, SampleLogs(generator=name, users=300, items=100, seed=1))
    return set_up(project)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Nothing is ever run here but what leaves no trace."""
    return small(tmp_path_factory.mktemp("planned") / "project")


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Commands are run here one after the other, as one who follows a page does."""
    project = small(tmp_path_factory.mktemp("worked") / "project")
    project.shell("snakemake all --cores 2")
    return project


def filled(command: str) -> str:
    return on_two_cores(command.replace("<folder>", LOGS))


WORKFLOW = re.compile(r"(\.venv/bin/)?snakemake (all|--cores)")
OTHER_PAGE = "docs/your-own-logs.md"  # makes its own logs and settings first
SOUND = [
    command
    for command in COMMANDS
    if WORKFLOW.match(command.text) and command.text != UNSOUND and command.page != OTHER_PAGE
]


def slow_but_of(own: Iterable[Command], *pages: str) -> list[ParameterSet]:
    """Make all slow but those of some pages."""
    slow = (pytest.mark.slow,)
    params = [(c.text, () if c.page in pages else slow) for c in own]
    return [pytest.param(text, marks=marks, id=one_line(text)) for text, marks in params]


@pytest.mark.parametrize("text", slow_but_of(SOUND, "README.md", "docs/running.md"))
def test_snakemake_plans_it(planned: Checkout, text: str) -> None:
    output = planned.shell(filled(text).replace("snakemake", "snakemake --dry-run", 1))
    assert re.search(r"^total +\d+$", output, re.MULTILINE)


def test_a_lock_is_removed(planned: Checkout) -> None:
    (command,) = of("test_a_lock_is_removed")
    lock = planned.folder / ".snakemake/locks/0.input.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text("a\n")
    planned.shell(command)
    assert not lock.exists()


def nothing_is_left(project: Checkout, command: str) -> None:
    """A second call finds all done."""
    again = project.shell(command.replace("snakemake", "snakemake --dry-run", 1))
    assert "Nothing to be done" in again


@pytest.mark.slow
@pytest.mark.parametrize("text", of("test_a_run_of_sample_logs", without=UNSOUND), ids=one_line)
def test_a_run_of_sample_logs(worked: Checkout, text: str) -> None:
    worked.shell(filled(text))
    nothing_is_left(worked, filled(text))
    assert (worked.folder / "results/sample/report.html").is_file()


@contextmanager
def archive(project: Checkout) -> Iterator[None]:
    """Serve MovieLens' logs as an archive on loopback, and take them from there."""
    file = project.folder / "served/ml-1m.zip"
    file.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(file, "w") as archived:
        for name in ("users.dat", "movies.dat", "ratings.dat"):
            archived.write(project.folder / LOGS / "ml-1m" / name, f"ml-1m/{name}")
    handler = partial(SimpleHTTPRequestHandler, directory=str(file.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        point_at(project, file, http.server_port)
        yield
        http.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("text", of("test_a_run_of_real_logs"), ids=one_line)
def test_a_run_of_real_logs(worked: Checkout, text: str) -> None:
    with archive(worked):
        worked.shell(filled(text))
        nothing_is_left(worked, filled(text))
    assert (worked.folder / "results/paper/movielens/tables/table2.md").is_file()
    datasets = re.search(r"datasets=\[(.*?)\]", text)
    for name in datasets[1].split(", ") if datasets else []:
        assert (worked.folder / f"results/paper/{name}/tables/table2.md").is_file()


@pytest.mark.slow
def test_a_model_on_request(worked: Checkout) -> None:
    (command,) = of("test_a_model_on_request")
    worked.shell(filled(command))
    assert (worked.folder / command.split()[-1] / "MLmodel").is_file()


@pytest.mark.slow
def test_snakemakes_own_report(worked: Checkout) -> None:
    (command,) = of("test_snakemakes_own_report")
    worked.shell("snakemake all --cores 2")
    worked.shell(command)
    assert "table2.csv" in (worked.folder / "report.html").read_text(encoding="utf-8")


MAKE_TEST = "test_make_test_runs_what_it_says"
MARKS = ("slow", "slurm", "realdata")
TESTS = "import pytest\n\n\ndef test_default(): ...\n" + "".join(
    f"\n\n@pytest.mark.{mark}\ndef test_{mark}(): ...\n" for mark in MARKS
)


@pytest.mark.parametrize(
    "text", slow_but_of([c for c in COMMANDS if c.text in of(MAKE_TEST)], "README.md")
)
def test_make_test_runs_what_it_says(planned: Checkout, text: str) -> None:
    """Not this suite, but one of a test for each mark."""
    (planned.folder / "tests").mkdir(exist_ok=True)
    (planned.folder / "tests/test_marks.py").write_text(TESTS, encoding="utf-8")
    output = planned.shell(filled(text), PYTEST_ADDOPTS="-v")
    mark = re.search(r"-m (\w+)", text)
    passed = re.findall(r"PASSED \S+::test_(\w+)", output)
    assert passed == [mark[1] if mark else "default"]


def test_make_writes_and_sends(planned: Checkout) -> None:
    commands = of("test_make_writes_and_sends")
    schemas, lock = planned.folder / "config/schemas", planned.folder / "constraints.txt"
    shutil.rmtree(schemas)
    schemas.mkdir()
    lock.unlink()
    lock.touch()
    (planned.folder / ".venv/ready").touch()
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
    (planned.folder / ".venv/ready").touch()
    assert re.search(r"pip install .*--constraint constraints\.txt", said["make .venv/ready"])
    modules = re.findall(r"python -m (tests\.benchmarks\.\w+)", said["make bench"])
    assert len(modules) == 7
    assert all(callable(importlib.import_module(name).main) for name in modules)


@pytest.mark.slow
def test_make_lint(tmp_path: Path) -> None:
    project = small(tmp_path / "project")
    for name in ("pipeline_lib", "tests"):
        shutil.copytree(ROOT / name, project.folder / name)
    project.shell(*of("test_make_lint"))


SMALLER: dict[str, dict[str, object]] = {
    "shards": {"USERS": 3000, "SHARDS": 2},
    "serving": {"METHODS": ["two-bias", "paml"], "ITEMS": 1200},
}


@pytest.mark.slow
@pytest.mark.parametrize("text", of("test_a_benchmark_made_small"), ids=one_line)
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
    names = {".weights.123", ".checkpoint.safetensors", "weights.safetensors"}
    for name in names:
        (folder / name).touch()
    planned.shell(command)
    assert {path.name for path in folder.iterdir()} == names - {".weights.123"}
    shutil.rmtree(planned.folder / "results")


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs ssh")
def test_the_tunnel_leads_to_the_server(planned: Checkout) -> None:
    """Without a server: what ssh makes of the options."""
    (command,) = of("test_the_tunnel_leads_to_the_server")
    said = planned.shell(command.replace("ssh", "ssh -G", 1).replace("<server>", "server"))
    assert "localforward 5000 [127.0.0.1]:5000" in said


def docker() -> bool:
    """Tell whether there is a daemon."""
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


@contextmanager
def running(project: Checkout, command: str, **more: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a command that does not end, with its output as it comes."""
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=project.folder,
        env=environment(MLFLOW_DISABLE_TELEMETRY="true", **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)


def wait_for(url: str, process: "subprocess.Popen[str]") -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310
        except OSError:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"{url} does not answer")


@pytest.mark.slow
def test_make_ui_opens_the_pages(worked: Checkout) -> None:
    (command,) = of("test_make_ui_opens_the_pages")
    port = free_port()
    with running(worked, command, PORT=str(port)) as process:
        assert process.stdout is not None
        link = next(line for line in process.stdout if "sample/movielens, current runs" in line)
        assert f"http://127.0.0.1:{port}/" in link
        wait_for(f"http://127.0.0.1:{port}/health", process)


@pytest.mark.slow
def test_a_model_answers_over_http(worked: Checkout) -> None:
    port = free_port()
    serve, ask = (text.replace("5001", str(port)) for text in of("test_a_model_answers_over_http"))
    assert (serve.split()[0], ask.split()[0]) == ("mlflow", "curl")
    with running(worked, serve) as process:
        wait_for(f"http://127.0.0.1:{port}/ping", process)
        answer = worked.shell(ask)
    assert answer.count('"user": "ann"') == 2
    assert '"rank": 2' in answer


@pytest.mark.slow
@pytest.mark.parametrize("text", of("test_a_model_answers_a_csv"), ids=one_line)
def test_a_model_answers_a_csv(worked: Checkout, text: str) -> None:
    (worked.folder / "users.csv").write_text(USERS, encoding="utf-8")
    (worked.folder / "support.csv").write_text(SUPPORT, encoding="utf-8")
    (worked.folder / "candidates.csv").write_text("item\n3\n4\n7\n", encoding="utf-8")
    worked.shell(f"{text} > answer.csv")
    answers = pl.read_csv(worked.folder / "answer.csv")
    assert set(answers["user"]) == {"ann", "bob"}
    assert {"score", "rank", "inner_lr"} <= {*answers.columns}
