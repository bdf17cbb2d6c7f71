"""The model as MLflow has it: in this process, and served over HTTP without a network."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mlflow.pyfunc
import polars as pl
import pytest
from mlflow.exceptions import MlflowException
from mlflow.pyfunc.scoring_server import infer_and_parse_data

from pipeline_lib.serving import pyfunc
from pipeline_lib.serving.answers import COLUMNS
from pipeline_lib.serving.best import NoTrialLeftError, describe_best, find_best
from pipeline_lib.serving.recommender import load_recommender
from pipeline_lib.storage.tables import read_json
from pipeline_lib.training.record import TrainingRecord
from tests.conftest import load_dataset
from tests.serving.over_http import post, serve
from tests.serving.small_bundle import HERE, TEMPLATE, as_json, bundle_files, cold_users, due
from tests.workflow.small_project import SmallProject


@pytest.fixture(scope="module")
def model(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mlflow") / "model"
    pyfunc.save_model(bundle, folder)
    return folder


def test_a_model_has_a_signature_an_example_and_no_pickle(model: Path) -> None:
    loaded = mlflow.pyfunc.load_model(str(model))
    signature = loaded.metadata.signature
    assert signature is not None
    assert signature.outputs.input_names() == list(COLUMNS)
    assert [param.name for param in signature.params] == ["top"]
    assert list(loaded.input_example) == ["user", *TEMPLATE, "support", "candidates"]
    answers = loaded.predict(loaded.input_example)
    assert sorted(answers["item"]) == sorted(loaded.input_example["candidates"][0])
    pickled = {".pkl", ".pickle", ".pt", ".pth", ".joblib", ".npy", ".pyc"}
    assert not [path for path in model.rglob("*") if path.suffix in pickled]
    assert loaded.metadata.metadata["method"] == "paml"


def test_each_form_of_json_that_mlflow_reads_is_answered_alike(model: Path) -> None:
    """A user may lack what another has."""
    loaded = mlflow.pyfunc.load_model(str(model))
    ann = {"user": "ann", "age": 25, "support": [{"item": 1, "target": 5}], "candidates": ["2"]}
    split = {"columns": [*ann], "data": [[*ann.values()]]}
    forms = {"dataframe_records": [ann], "dataframe_split": split, "inputs": [ann]}
    answers = [
        loaded.predict(infer_and_parse_data({form: users}))
        for form, users in [*forms.items(), ("inputs", ann)]
    ]
    assert all(own.equals(answers[0]) for own in answers)
    both = infer_and_parse_data({"dataframe_records": [ann, {"user": "bob"}]})
    assert loaded.predict(both).head(1).equals(answers[0])


def test_a_number_may_be_given_as_a_number(model: Path) -> None:
    loaded = mlflow.pyfunc.load_model(str(model))
    example = loaded.input_example.assign(gender="F", occupation=4, zip="1")
    texts, *numbers = (loaded.predict(example.assign(age=age)) for age in ("25", 25, 25.0))
    assert all(texts.equals(own) for own in numbers)
    assert "age" not in (texts["note"][0] or "")


@pytest.mark.parametrize(
    ("wrong", "near"), [("Age", "age"), ("AGE", "age"), ("suport", "support"), ("User", "user")]
)
def test_a_column_that_is_not_there_is_refused_with_the_nearest(
    model: Path, wrong: str, near: str
) -> None:
    """MLflow drops what a signature does not list, so ours lists no inputs."""
    loaded = mlflow.pyfunc.load_model(str(model))
    with pytest.raises(MlflowException, match=f"'{wrong}'; did you mean '{near}'") as raised:
        loaded.predict(loaded.input_example.assign(**{wrong: "25"}))
    assert raised.value.error_code == "INVALID_PARAMETER_VALUE"  # HTTP 400


def test_a_wrong_rating_is_an_error_that_says_so(model: Path) -> None:
    loaded = mlflow.pyfunc.load_model(str(model))
    wrong = loaded.input_example.assign(support=[[{"item": "1", "target": 77.0}]])
    with pytest.raises(MlflowException, match="77 for item '1'; ratings go from 1 to 5"):
        loaded.predict(wrong)


def test_a_model_is_made_whole_with_the_digest_of_its_bundle(
    run: SmallProject, model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What MLflow adds to the bundle is made once for all tests, and here copied."""
    monkeypatch.setattr(pyfunc, "save_model", lambda _, folder: shutil.copytree(model, folder))
    files, dataset = (
        bundle_files(run, "paml/seed-0"),
        load_dataset("movielens", run.folder / "config"),
    )
    made = pyfunc.make_model(files, dataset.log_settings(), tmp_path / "new/model")
    (manifest,) = tmp_path.glob("new/model/data/*/manifest.json")
    assert hashlib.sha256(manifest.read_bytes()).hexdigest() == made
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model"]


def test_the_trial_with_the_lowest_validation_loss_is_served(run: SmallProject) -> None:
    paths = sorted((run.folder / HERE).glob("methods/*/seed-0/training.json"))
    trainings = [read_json(path, TrainingRecord) for path in paths]
    losses = [loss for t in trainings if (loss := t.validation_loss) is not None]
    assert len(losses) == len(trainings)
    best = find_best(trainings)
    assert losses[best] == min(losses)
    assert find_best([trainings[best], *trainings]) == 0  # of equals the first
    described = describe_best(trainings, best, "d")
    assert described.chosen.method == trainings[best].method
    assert [trial.validation_loss for trial in described.others] == sorted(losses)[1:]


def test_a_trial_that_was_stopped_is_never_served(run: SmallProject) -> None:
    paths = sorted((run.folder / HERE).glob("methods/*/seed-0/training.json"))
    trainings = [read_json(path, TrainingRecord) for path in paths]
    best, why = find_best(trainings), {"stopped": "epoch 3: too large"}
    other = [t.model_copy(update=why if n == best else {}) for n, t in enumerate(trainings)]
    described = describe_best(other, find_best(other), "d")
    assert described.chosen == describe_best(trainings, best, "d").others[0]
    assert len(described.others) == len(trainings) - 2
    with pytest.raises(NoTrialLeftError, match=r"every training was stopped, .* in epoch 3: too"):
        find_best([training.model_copy(update=why) for training in trainings])


@pytest.mark.parametrize(("index", "named"), [("flann", True), ("exact", False)])
def test_flann_is_required_where_it_is_used(bundle: Path, index: str, named: bool) -> None:
    recommender = load_recommender(bundle)
    settings = recommender.training.settings | {"index": index}
    changed = recommender.training.model_copy(update={"settings": settings})
    packages = pyfunc._packages(replace(recommender, training=changed))
    assert ("pyflann-py3" in packages) is named


@pytest.fixture(scope="module")
def served(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(model, tmp_path_factory.mktemp("log")) as url:
        yield url


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
            ({"user": "u", "candidates": "37"}, "'37' in the candidates; write a list in [ ]"),
            ({"user": "u", "candidates": 37}, "37 in the candidates; write a list in [ ]"),
            ({"user": "u", "support": {"item": "1"}}, "in the support; write a list in [ ]"),
            ({"user": " "}, "a user's name is blank"),
            ({"gender": "F"}, "a user's name is blank"),
            ({"user": "u", "Age": 25}, "unknown column 'Age'; did you mean 'age'?"),
        ],
    )
    def test_what_makes_no_sense_gets_400_and_the_reason(
        self, served: str, record: dict[str, object], message: str
    ) -> None:
        status, content = post(served, json.dumps({"dataframe_records": [record]}))
        assert status == 400, content
        assert message in json.dumps(content)
