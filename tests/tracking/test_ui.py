"""MLflow's pages on what the workflow tracked, in a real browser."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from selenium.webdriver import Chrome

from pipeline_lib.tracking.views import comparison_link
from tests.reporting.page.chromium import chromium
from tests.tracking.runs import train, update
from tests.tracking.servers import free_port
from tests.training.attempts import make_start
from tests.workflow.small_project import ROOT, SmallProject

pytestmark = pytest.mark.slow
PATIENCE = 40  # seconds


@pytest.fixture(scope="module")
def tracked(finished: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """The run that tests share, and two variants of γ that nobody trained."""
    folder = tmp_path_factory.mktemp("ui") / "project"
    shutil.copytree(finished.folder, folder, symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        for method, gamma in (("reg-paml", 1e-3), ("reg-paml-1e-2", 1e-2)):
            settings = {"kind": "reg-paml", "gamma": gamma}
            train(make_start(experiment="sample/movielens", method=method, settings=settings))
        update()
    return SmallProject(folder)


@pytest.fixture(scope="module")
def opened(tracked: SmallProject) -> Iterator[tuple[str, dict[str, str]]]:
    """Open the pages as `make ui` does; yields the address and what was printed as links."""
    port = free_port()
    command = [sys.executable, "-m", "pipeline_lib", "ui", "--port", f"{port}"]
    process = subprocess.Popen(
        command,
        cwd=tracked.folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    links: dict[str, str] = {}
    for line in process.stdout:
        if ": http" in line:
            name, link = line.strip().split(": ", 1)
            links[name] = link
        if len(links) == 2:
            break
    try:
        yield f"http://127.0.0.1:{port}", links
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        driver.set_window_size(1600, 1000)
        yield driver


def text_of(browser: Chrome, link: str, *expected: str) -> str:
    """Open a page and wait until it shows what is expected."""
    browser.get("about:blank")
    browser.get(link)
    text = ""
    for _ in range(PATIENCE * 2):
        text = browser.find_element("tag name", "body").text
        if all(part in text for part in expected):
            return text
        time.sleep(0.5)
    pytest.fail(f"{link} does not show {[p for p in expected if p not in text]}:\n{text}")


def wait_until(browser: Chrome, script: str) -> None:
    for _ in range(PATIENCE * 2):
        if browser.execute_script(script):
            return
        time.sleep(0.5)
    pytest.fail(f"never true: {script}")


def test_the_link_shows_the_current_runs_with_our_columns(
    opened: tuple[str, dict[str, str]], browser: Chrome
) -> None:
    _, links = opened
    link = links["sample/movielens, current runs"]
    text = text_of(browser, link, "reg-paml-1e-2", "two-bias", "test/mse")
    assert "seed 0" not in text  # below their parents


def test_the_variants_of_gamma_are_compared(
    opened: tuple[str, dict[str, str]], browser: Chrome
) -> None:
    text_of(browser, opened[1]["sample/movielens, γ compared"], "Comparing 2 Runs", "gamma")


def of_seed(tracked: SmallProject) -> tuple[str, str]:
    client = MlflowClient(f"sqlite:///{tracked.folder}/results/mlflow/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'sample/movielens'")
    (run,) = client.search_runs([experiment.experiment_id], "run_name = 'paml seed 0'")
    return str(experiment.experiment_id), run.info.run_id


def test_a_learning_curve_is_drawn(
    tracked: SmallProject, opened: tuple[str, dict[str, str]], browser: Chrome
) -> None:
    experiment, run = of_seed(tracked)
    page = f"{opened[0]}/#/experiments/{experiment}/runs/{run}/model-metrics"
    text_of(browser, page, "paml seed 0", "gradient", "inner_lr")
    curve = "return document.querySelectorAll('.js-plotly-plot .scatterlayer .trace').length"
    wait_until(browser, curve)


def test_a_plot_is_shown_among_the_artifacts(
    tracked: SmallProject, opened: tuple[str, dict[str, str]], browser: Chrome
) -> None:
    experiment, run = of_seed(tracked)
    path = "artifacts/plots/paml-0.png"
    text_of(browser, f"{opened[0]}/#/experiments/{experiment}/runs/{run}/{path}", "weights")
    wait_until(browser, "return [...document.images].some(i => i.naturalWidth > 500)")


def test_a_comparison_names_its_runs() -> None:
    link = comparison_link("http://127.0.0.1:1", "7", ["a", "b"])
    assert link.endswith("runs=%5B%22a%22%2C%20%22b%22%5D&experiments=%5B%227%22%5D")


def test_the_server_listens_on_loopback_alone(opened: tuple[str, dict[str, str]]) -> None:
    port = int(opened[0].rsplit(":", 1)[1])
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    bound = {line.split()[1] for line in lines if line.split()[3] == "0A"}
    assert {address for address in bound if address.endswith(f":{port:04X}")} == {
        f"0100007F:{port:04X}"
    }


@pytest.mark.parametrize(
    ("uri", "what"),
    [
        ("", "mlflow.db is not there yet; run snakemake first"),
        ("sqlite:///elsewhere.db", "elsewhere.db is not there yet"),
        ("postgresql://mlflow:secret@127.0.0.1/mlflow", "names a database, not a server; start"),
    ],
)
def test_without_a_store_it_says_what_to_do(tmp_path: Path, uri: str, what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline_lib", "ui"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": uri},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert what in done.stderr
    assert "secret" not in done.stderr
