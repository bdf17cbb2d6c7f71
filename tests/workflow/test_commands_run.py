"""Commands of README.md and docs/ that take minutes, run one after the other on small logs."""

import os
import re
import signal
import subprocess
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from tests.serving.test_command import SUPPORT, USERS
from tests.tracking.servers import free_port
from tests.workflow.checkout import LOGS, Checkout, environment, filled, small
from tests.workflow.held_commands import of, one_line
from tests.workflow.test_raw_logs import point_at

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Commands are run here one after the other, as one who follows a page does."""
    project = small(tmp_path_factory.mktemp("worked") / "project")
    project.shell("snakemake all --cores 2")
    return project


def nothing_is_left(project: Checkout, command: str) -> None:
    """A second call finds all done."""
    again = project.shell(command.replace("snakemake", "snakemake --dry-run", 1))
    assert "Nothing to be done" in again


@pytest.mark.parametrize("text", of("test_a_run_of_sample_logs"), ids=one_line)
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


@pytest.mark.parametrize("text", of("test_a_run_of_real_logs"), ids=one_line)
def test_a_run_of_real_logs(worked: Checkout, text: str) -> None:
    with archive(worked):
        worked.shell(filled(text))
        nothing_is_left(worked, filled(text))
    assert (worked.folder / "results/paper/movielens/tables/table2.md").is_file()
    datasets = re.search(r"datasets=\[(.*?)\]", text)
    for name in datasets[1].split(", ") if datasets else []:
        assert (worked.folder / f"results/paper/{name}/tables/table2.md").is_file()


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
