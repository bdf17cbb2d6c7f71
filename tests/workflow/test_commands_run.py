"""Commands of README.md and docs/ that take minutes, run one after the other on small logs."""

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl
import pytest

from tests.serving.test_command import SUPPORT, USERS
from tests.tracking.servers import free_port
from tests.workflow.checkout import Checkout, environment, filled, nothing_is_left, small
from tests.workflow.held_commands import of, one_line

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Commands are run here one after the other, as one who follows a page does."""
    project = small(tmp_path_factory.mktemp("worked") / "project")
    project.shell("snakemake all --cores 2")
    return project


def test_a_model_on_request(worked: Checkout) -> None:
    (command,) = of("test_a_model_on_request")
    worked.shell(filled(command))
    assert (worked.folder / command.split()[-1] / "MLmodel").is_file()


def test_why_a_file_would_be_made_again(worked: Checkout) -> None:
    (command,) = of("test_why_a_file_would_be_made_again")
    worked.shell("snakemake all --cores 2")
    assert worked.shell(command).strip() == f"{command.split()[-1]} is up to date."
    changed = worked.shell(f"{command} --config 'override={{reg-paml: {{gamma: 0.5}}}}'")
    assert "would be made again: the setting gamma was " in changed


def test_snakemakes_own_report(worked: Checkout) -> None:
    (command,) = of("test_snakemakes_own_report")
    worked.shell("snakemake all --cores 2")
    worked.shell(command)
    assert "table2.csv" in (worked.folder / "report.html").read_text(encoding="utf-8")


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


# What changes more comes later, so that little is run twice.
RUNS = sorted(
    of("test_a_run_of_sample_logs"),
    key=lambda text: [w in text for w in ("shards=", "processes=", "override=", "methods=")],
)


@pytest.mark.parametrize("text", RUNS, ids=one_line)
def test_a_run_of_sample_logs(worked: Checkout, text: str) -> None:
    worked.shell(filled(text))
    nothing_is_left(worked, filled(text))
    assert (worked.folder / "results/sample/report.html").is_file()
