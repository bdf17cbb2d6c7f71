"""Commands of README.md and docs/ that take minutes, run one after the other on small logs."""

import json
import os
import re
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
import pytest
from mlflow import MlflowClient

from tests.serving.test_command import SUPPORT, USERS
from tests.tracking.servers import free_port
from tests.workflow.checkout import (
    Checkout,
    environment,
    filled,
    nothing_is_left,
    set_up,
    shorten,
)
from tests.workflow.held_commands import of, one_line
from tests.workflow.small_project import HANGS, JOB, SmallProject, copy_encoded, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def worked(finished: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Commands are run here one after the other, as one who follows a page does."""
    project = copy_encoded(finished, tmp_path_factory.mktemp("worked") / "project")
    shorten(project)
    checkout = set_up(project)
    checkout.shell("snakemake all --cores 2")
    return checkout


@pytest.mark.parametrize("text", of("test_a_run_on_gpus"), ids=one_line)
def test_a_run_on_gpus(worked: Checkout, text: str) -> None:
    """All is done, but the report has the run's settings; the first is run, the others planned."""
    is_first = text == of("test_a_run_on_gpus")[0]
    command = filled(text) if is_first else filled(text).replace("snakemake", "snakemake -n", 1)
    said = worked.shell(command)
    assert re.search(r"^total +\d+$|Nothing to be done", said, re.MULTILINE)
    assert {rule for rule, _ in JOB.findall(said)} <= {"report", "all"}


def test_why_a_file_would_be_made_again(worked: Checkout) -> None:
    (command,) = of("test_why_a_file_would_be_made_again")
    assert worked.shell(command).strip() == f"{command.split()[-1]} is up to date."
    changed = worked.shell(f"{command} --config 'override={{reg-paml: {{gamma: 0.5}}}}'")
    assert "would be made again: the setting gamma was " in changed


def test_snakemakes_own_report(worked: Checkout) -> None:
    (command,) = of("test_snakemakes_own_report")
    worked.shell(command)
    text = (worked.folder / "report.html").read_text(encoding="utf-8")
    assert "table2.csv" in text
    assert "A figure of the dataset; its caption" in text
    assert "Mean error by how many support rows users adapt on." in text


def test_a_model_on_request(worked: Checkout) -> None:
    (command,) = of("test_a_model_on_request")
    worked.shell(filled(command))
    assert (worked.folder / command.split()[-1] / "MLmodel").is_file()


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
        process.communicate(timeout=HANGS)


def wait_for(url: str, process: "subprocess.Popen[str]") -> None:
    def answers() -> bool:
        try:
            urllib.request.urlopen(url, timeout=30).close()  # noqa: S310
        except OSError:
            assert process.poll() is None, process.communicate()[0]
            return False
        return True

    wait_until(answers)


def test_make_ui_opens_the_pages(worked: Checkout) -> None:
    (command,) = of("test_make_ui_opens_the_pages")
    port = free_port()
    with running(worked, command, PORT=str(port)) as process:
        assert process.stdout is not None
        link = next(line for line in process.stdout if "sample/movielens, current runs" in line)
        assert f"http://127.0.0.1:{port}/" in link
        wait_for(f"http://127.0.0.1:{port}/health", process)


def test_a_model_answers_over_http(worked: Checkout) -> None:
    port = free_port()
    serve, ask = (text.replace("5001", str(port)) for text in of("test_a_model_answers_over_http"))
    assert (serve.split()[0], ask.split()[0]) == ("mlflow", "curl")
    with running(worked, serve) as process:
        wait_for(f"http://127.0.0.1:{port}/ping", process)
        answer = worked.shell(ask)
    assert answer.count('"user": "ann"') == 2
    assert '"rank": 2' in answer


@pytest.mark.parametrize("text", of("test_a_model_answers_a_csv"), ids=one_line)
def test_a_model_answers_a_csv(worked: Checkout, text: str) -> None:
    (worked.folder / "users.csv").write_text(USERS, encoding="utf-8")
    (worked.folder / "support.csv").write_text(SUPPORT, encoding="utf-8")
    (worked.folder / "candidates.csv").write_text("item\n3\n4\n7\n", encoding="utf-8")
    worked.shell(f"{text} > answer.csv")
    answers = pl.read_csv(worked.folder / "answer.csv")
    assert set(answers["user"]) == {"ann", "bob"}
    assert {"score", "rank", "inner_lr"} <= {*answers.columns}


def test_a_run_of_another_gamma(worked: Checkout) -> None:
    """What depends on it is done, once, and the runs of before are marked in MLflow."""
    (command,) = of("test_a_run_of_another_gamma")
    report = worked.folder / "results/sample/report.html"
    before = report.read_bytes()
    jobs = JOB.findall(worked.shell(filled(command)))
    assert report.read_bytes() != before
    assert {rule for rule, _ in jobs} == {
        *("train", "predict", "evaluate", "compare", "project", "best_model"),
        *("tables", "figures", "report", "check_trainings", "all"),
    }
    assert all("method=reg-paml" in body for rule, body in jobs if rule in {"train", "evaluate"})
    nothing_is_left(worked, filled(command))
    client = MlflowClient(f"sqlite:///{worked.folder}/results/mlflow/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'sample/movielens'")
    runs = client.search_runs([experiment.experiment_id], "tags.method = 'reg-paml'")
    marks = sorted((run.data.params["gamma"], run.data.tags["superseded"]) for run in runs)
    assert marks == [("0.001", "true")] * 2 + [("0.01", "false")] * 2


def test_a_run_of_several_processes(worked: Checkout) -> None:
    (command,) = of("test_a_run_of_several_processes")
    worked.edit("config/config.yaml", methods=["two-bias", "reg-paml"])
    worked.shell(f"{filled(command)} --until train")
    trained = worked.folder / "results/sample/movielens/methods/reg-paml/seed-0/training.json"
    assert json.loads(trained.read_bytes())["processes"] == 4
