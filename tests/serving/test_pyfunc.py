"""The model as MLflow has it: in this process, and served over HTTP without a network."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import polars as pl
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from pipeline_lib.serving.pyfunc import save_model
from tests.serving.small_bundle import HERE, as_json, cold_users, due
from tests.tracking.servers import free_port
from tests.workflow.small_project import SmallProject


@pytest.fixture(scope="module")
def model(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mlflow") / "model"
    save_model(bundle, folder)
    return folder


def test_a_model_has_a_signature_an_example_and_no_pickle(model: Path) -> None:
    loaded = mlflow.pyfunc.load_model(str(model))
    signature = loaded.metadata.signature
    assert signature is not None
    assert signature.inputs.input_names()[0] == "user"
    answers = loaded.predict(loaded.input_example)
    assert sorted(answers["item"]) == sorted(loaded.input_example["candidates"][0])
    pickled = {".pkl", ".pickle", ".pt", ".pth", ".joblib", ".npy", ".pyc"}
    assert not [path for path in model.rglob("*") if path.suffix in pickled]
    assert loaded.metadata.metadata["method"] == "paml"


def test_a_number_may_be_given_as_a_number(model: Path) -> None:
    loaded = mlflow.pyfunc.load_model(str(model))
    example = loaded.input_example.assign(gender="F", occupation=4, zip="1")
    texts, numbers = (loaded.predict(example.assign(age=age)) for age in ("25", 25))
    assert texts.equals(numbers)
    assert "age" not in (texts["note"][0] or "")


def test_a_wrong_rating_is_an_error_that_says_so(model: Path) -> None:
    loaded = mlflow.pyfunc.load_model(str(model))
    wrong = loaded.input_example.assign(support=[[{"item": "1", "target": 77.0}]])
    with pytest.raises(MlflowException, match="77 for item '1'; ratings go from 1 to 5"):
        loaded.predict(wrong)


def test_the_best_trial_is_made_a_model_and_registered(run: SmallProject) -> None:
    here = run.folder / HERE
    choice = json.loads((here / "model.json").read_text(encoding="utf-8"))
    losses = {
        path.parts[-3]: json.loads(path.read_text(encoding="utf-8"))["validation_loss"]
        for path in here.glob("methods/*/seed-0/training.json")
    }
    assert choice["chosen"]["method"] == min(losses, key=lambda name: losses[name])
    assert [t["validation_loss"] for t in choice["others"]] == sorted(losses.values())[1:]
    uri = f"sqlite:///{run.folder}/results/mlflow/mlflow.db"
    client = MlflowClient(uri, registry_uri=uri)
    best = client.get_model_version_by_alias("sample-movielens", "best")
    assert best.tags["digest"] == choice["digest"]
    assert best.source is not None
    registered = Path(best.source.removeprefix("file://"))
    manifest = "data/bundle/manifest.json"
    assert (registered / manifest).read_bytes() == (here / "model" / manifest).read_bytes()


@pytest.fixture(scope="module")
def served(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the model, where no network can be reached: every proxy leads nowhere."""
    port = free_port()
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    log = (tmp_path_factory.mktemp("log") / "served.log").open("wb")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(model)),
            *("--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)),
        ],
        env=os.environ | nowhere | {"NO_PROXY": "127.0.0.1", "MLFLOW_DISABLE_TELEMETRY": "true",
                                    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{url}/ping", timeout=2).close()  # noqa: S310
                break
            except OSError:
                assert process.poll() is None, Path(log.name).read_text()
                time.sleep(0.5)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        log.close()


def post(url: str, body: str) -> tuple[int, Any]:
    request = urllib.request.Request(  # noqa: S310
        f"{url}/invocations", body.encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@pytest.mark.slow
class TestOverHTTP:
    def test_answers_equal_the_workflows_predictions(self, run: SmallProject, served: str) -> None:
        status, content = post(served, as_json(cold_users(run)))
        assert status == 200, content
        answers = pl.DataFrame(content["predictions"], infer_schema_length=None)
        expected = due(run, "paml/seed-0").sort("user", "item")
        assert answers.select(expected.columns).sort("user", "item").equals(expected)

    def test_a_thousand_candidates_and_no_support(self, served: str) -> None:
        body = {"user": "new", "candidates": [f"{n}" for n in range(1000)]}
        status, content = post(served, json.dumps({"dataframe_records": [body]}))
        assert status == 200, content
        assert len(content["predictions"]) == 1000

    def test_the_best_three(self, served: str) -> None:
        body = {"dataframe_records": [{"user": "new"}], "params": {"top": 3}}
        status, content = post(served, json.dumps(body))
        assert (status, [row["rank"] for row in content["predictions"]]) == (200, [1, 2, 3])

    @pytest.mark.parametrize(
        ("record", "message"),
        [
            ({"user": "u", "support": [{"item": "1", "target": 77}]}, "ratings go from 1 to 5"),
            ({"user": "u", "support": [{"item": 1, "target": "good"}]}, "which is no number"),
            ({"user": " "}, "a user's name is blank"),
            ({"gender": "F"}, "user"),
        ],
    )
    def test_what_makes_no_sense_gets_400_and_the_reason(
        self, served: str, record: dict[str, object], message: str
    ) -> None:
        status, content = post(served, json.dumps({"dataframe_records": [record]}))
        assert status == 400, content
        assert message in json.dumps(content)
