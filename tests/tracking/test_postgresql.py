"""Trainings at once, with a server on PostgreSQL that is asked with a password."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import mlflow.pyfunc
import pytest
from mlflow import MlflowClient

from tests.tracking.servers import Server, mlflow_server, postgres
from tests.tracking.test_secrets import NOWHERE, SECRET, assert_nothing_holds, run_with
from tests.tracking.test_servers import check_complete, prepare
from tests.workflow.small_project import SNAKEMAKE, SmallProject

pytestmark = pytest.mark.slow
PYTHON = (sys.executable, "-m", "pipeline_lib")


@dataclass(frozen=True)
class Sent:
    """A finished run, where it was sent, and what it printed."""

    project: SmallProject
    server: Server
    said: str

    def asked(self, *command: str) -> str:
        """Run a command of the library with the password; return what it prints."""
        return run_with(with_password(self.server), self.project.folder, *PYTHON, *command)


def with_password(server: Server) -> str:
    return server.uri.replace("://", f"://ann:{SECRET}@")


@pytest.fixture(scope="module")
def sent(finished: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    """Run all with three seeds, which train at once."""
    folder = tmp_path_factory.mktemp("sent")
    project, _ = prepare(finished, folder / "project", seeds=3, epochs=3)
    with postgres() as store, mlflow_server(folder / "server", store) as server:
        command = (str(SNAKEMAKE), "all", "--cores", "3")
        said = run_with(with_password(server), project.folder, *command)
        yield Sent(project, server, said)


def test_trainings_at_once_lose_nothing(sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does the best model, which is loaded by its name."""
    found = check_complete(sent.project, sent.server, seeds=3)
    print(f"{found} points of 3 trainings arrived")
    client = MlflowClient(sent.server.uri)
    (experiment,) = client.search_experiments(filter_string="name = 'sample/movielens'")
    assert experiment.artifact_location.startswith("mlflow-artifacts:/")
    run = client.search_runs([experiment.experiment_id], "run_name = 'paml seed 2'")[0]
    names = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
    assert {"weights.safetensors", "predictions.parquet", "evaluation.json"} <= names
    monkeypatch.setenv("MLFLOW_TRACKING_URI", sent.server.uri)
    model = mlflow.pyfunc.load_model("models:/sample-movielens@best")
    assert model.metadata.metadata["method"] == "paml"
    assert len(model.predict(model.input_example)) == 3


def test_a_workflow_and_its_commands_keep_the_password(sent: Sent) -> None:
    """Of a server that answers, and of one that does not."""
    links = sent.asked("ui")
    assert f"{sent.server.uri}/#/experiments/" in links
    folder = sent.project.folder
    said = [sent.said, links, sent.asked("sync-tracking")]
    said += [run_with(NOWHERE, folder, *PYTHON, command) for command in ("ui", "sync-tracking")]
    assert "has everything" in said[2]
    assert "The store failed" in said[4]
    assert SECRET not in "".join(said)
    assert_nothing_holds(SECRET, folder)
    assert_nothing_holds(SECRET, sent.server.folder)
