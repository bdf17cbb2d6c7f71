"""MLflow's client: it sends in parts of the size that MLflow takes, and tells what is refused."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# A server that hangs holds up one request for ten seconds, and then the sender tries later.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException

from pipeline_lib.tracking.journal import Metrics

T = TypeVar("T")
MOST_METRICS = 1000  # that MLflow takes at once
MOST_OTHERS = 100
DIGEST = 36  # characters, of a dataset
EXISTS = "RESOURCE_ALREADY_EXISTS"
REFUSALS = {
    "BAD_REQUEST",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    EXISTS,
    "RESOURCE_DOES_NOT_EXIST",
}


class RefusedError(Exception):
    """The store will never take this."""


@contextmanager
def refusals() -> Iterator[None]:
    """Raise RefusedError for what MLflow will never take, not for what it could not take now."""
    try:
        yield
    except MlflowException as error:
        if error.error_code in REFUSALS:
            raise RefusedError(str(error)) from error
        raise


@contextmanager
def unless_there() -> Iterator[None]:
    """Make something within, or let another process have made it at the same moment."""
    try:
        yield
    except MlflowException as error:
        if error.error_code != EXISTS:
            raise


class Client(MlflowClient):
    """A client of one store."""

    def find_runs(self, experiment: str, condition: str) -> Iterator[Run]:
        """Find all runs of an experiment that meet a condition."""
        token = None
        while token != "":
            page = self.search_runs([experiment], condition, page_token=token)
            yield from page
            token = page.token or ""

    def send_dataset(self, run_id: str, name: str, digest: str) -> None:
        """Say what a run was trained on."""
        data = Dataset(name, digest[:DIGEST], "local", "{}")
        context = InputTag("mlflow.data.context", "training")
        self.log_inputs(run_id, [DatasetInput(data, [context])])

    def send_metrics(self, run_id: str, events: Sequence[Metrics]) -> None:
        """Send any number of metrics."""
        metrics = [Metric(k, v, e.time, e.step) for e in events for k, v in e.values.items()]
        for part in _parts(metrics, MOST_METRICS):
            self.log_batch(run_id, metrics=part)

    def send_params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Send any number of settings."""
        for part in _parts([Param(k, v) for k, v in params.items()], MOST_OTHERS):
            self.log_batch(run_id, params=part)

    def send_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Send any number of tags."""
        for part in _parts([RunTag(k, v) for k, v in tags.items()], MOST_OTHERS):
            self.log_batch(run_id, tags=part)


def _parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))
