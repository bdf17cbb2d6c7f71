"""An MLflow store; what is sent twice is there once."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
# A server that hangs holds up one request for ten seconds, and then the sender tries later.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    Metric,
    Param,
    RunTag,
)
from mlflow.entities import Run as StoredRun
from mlflow.exceptions import MlflowException

from pipeline_lib.tracking.families import Member, Update, settle
from pipeline_lib.tracking.journal import Artifact, End, Event, Metrics, Model, Run, Tags, now
from pipeline_lib.tracking.views import experiment_tags

T = TypeVar("T")
MOST_METRICS = 1000  # that MLflow takes at once
MOST_OTHERS = 100
REFUSALS = {
    "BAD_REQUEST",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_DOES_NOT_EXIST",
}


class RefusedError(Exception):
    """The store will never take this."""


class Store:
    """The store at a URI. workspace: tells runs of this folder from those of others."""

    def __init__(self, uri: str, artifacts: Path, workspace: str) -> None:
        self.client = MlflowClient(uri, registry_uri=uri)
        self.local_artifacts = artifacts if uri.startswith("sqlite:") else None
        self.workspace = workspace

    def deliver(self, run: Run, events: Sequence[Event]) -> None:
        """Send events of a run; raise RefusedError when the store will never take some of them.

        Any other exception means that the store could not be reached or failed.
        """
        with _refusals():
            run_id = self._find(run) or self._make(run)
            self._log_metrics(run_id, [e for e in events if isinstance(e, Metrics)])
        refused = []
        for event in events:
            try:
                with _refusals():
                    self._send(run_id, event)
            except RefusedError as error:
                refused.append(str(error))
        if refused:
            raise RefusedError("; ".join(refused))

    def settle(self, experiment: str) -> None:
        """Mark superseded runs, and give the parents of seeds their mean and spread."""
        identifier = self._experiment(experiment)
        runs = {r.info.run_id: r for r in self._search(identifier, "")}
        for update in settle([_member(run) for run in runs.values()]):
            self._apply(update, runs[update.run_id])

    def _find(self, run: Run) -> str | None:
        found = self._search(self._experiment(run.experiment), f" and tags.key = '{run.key}'")
        return next((stored.info.run_id for stored in found), None)

    def _make(self, run: Run) -> str:
        """Make a run below its parent, which is made when it is missing."""
        experiment = self._experiment(run.experiment)
        generation = f" and tags.generation = '{run.generation}' and tags.level = 'method'"
        parent = next((r.info.run_id for r in self._search(experiment, generation)), None)
        shared = {
            "workspace": self.workspace,
            "generation": run.generation,
            "superseded": "false",
            "dataset": run.dataset,
            "method": run.method,
            **{name: run.tags[name] for name in ("gamma",) if name in run.tags},
        }
        if parent is None:
            tags = shared | {"level": "method"}
            parent = self._create(experiment, run.method, run.started, tags)
            self._log_params(parent, run.params)
        own = {"level": "seed", "key": run.key, "seed": f"{run.seed}"}
        tags = {**run.tags, **shared, **own, "mlflow.parentRunId": parent}
        made = self._create(experiment, f"{run.method} seed {run.seed}", run.started, tags)
        self._log_params(made, run.params)
        data = Dataset(run.dataset, run.split[:36], "local", "{}")
        context = InputTag("mlflow.data.context", "training")
        self.client.log_inputs(made, [DatasetInput(data, [context])])
        return made

    def _create(self, experiment: str, name: str, started: int, tags: Mapping[str, str]) -> str:
        made = self.client.create_run(experiment, started, dict(tags), name)
        return str(made.info.run_id)

    def _experiment(self, name: str) -> str:
        if found := self.client.get_experiment_by_name(name):
            return str(found.experiment_id)
        local = self.local_artifacts
        folder = (local / name).resolve().as_uri() if local else None
        return str(self.client.create_experiment(name, folder, experiment_tags()))

    def _search(self, experiment: str, condition: str) -> Iterator[StoredRun]:
        own, token = f"tags.workspace = '{self.workspace}'{condition}", None
        while token != "":
            page = self.client.search_runs([experiment], own, page_token=token)
            yield from page
            token = page.token or ""

    def _log_metrics(self, run_id: str, events: Sequence[Metrics]) -> None:
        metrics = [Metric(k, v, e.time, e.step) for e in events for k, v in e.values.items()]
        for part in _parts(metrics, MOST_METRICS):
            self.client.log_batch(run_id, metrics=part)

    def _log_params(self, run_id: str, params: Mapping[str, str]) -> None:
        for part in _parts([Param(k, v) for k, v in params.items()], MOST_OTHERS):
            self.client.log_batch(run_id, params=part)

    def _log_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        for part in _parts([RunTag(k, v) for k, v in tags.items()], MOST_OTHERS):
            self.client.log_batch(run_id, tags=part)

    def _send(self, run_id: str, event: Event) -> None:
        match event:
            case Tags():
                self._log_tags(run_id, event.tags)
            case End():
                self.client.set_terminated(run_id, event.status, event.time)
            case Artifact() if not event.path.exists():
                raise RefusedError(f"{event.path} was gone before it was sent")
            case Artifact() if event.path.is_dir():
                self.client.log_artifacts(run_id, str(event.path), event.folder)
            case Artifact():
                self.client.log_artifact(run_id, str(event.path), event.folder)
            case Model():
                self._register(run_id, event)

    def _register(self, run_id: str, model: Model) -> None:
        """Add a version, unless one of the same digest is there, and let `best` point to it."""
        known = self.client.search_registered_models(f"name = '{model.name}'")
        if not known:
            self.client.create_registered_model(model.name)
        versions = self.client.search_model_versions(f"name = '{model.name}'")
        same = [v for v in versions if v.tags.get("digest") == model.digest]
        if not same:
            self.client.log_artifacts(run_id, str(model.path), "model")
            root = self.client.get_run(run_id).info.artifact_uri
            tags = {"digest": model.digest}
            same = [
                self.client.create_model_version(
                    model.name, f"{root}/model", run_id, tags=tags, await_creation_for=0
                )
            ]
        self.client.set_registered_model_alias(model.name, "best", same[0].version)

    def _apply(self, update: Update, run: StoredRun) -> None:
        changed = {k: v for k, v in update.tags.items() if run.data.tags.get(k) != v}
        self._log_tags(run.info.run_id, changed)
        wrong = {k: v for k, v in update.metrics.items() if run.data.metrics.get(k) != v}
        self._log_metrics(run.info.run_id, [Metrics(time=now(), step=0, values=wrong)])
        if update.status is not None and update.status != run.info.status:
            if update.status == "RUNNING":
                self.client.update_run(run.info.run_id, "RUNNING")
            else:
                self.client.set_terminated(run.info.run_id, update.status, update.time)


@contextmanager
def _refusals() -> Iterator[None]:
    """Tell what MLflow will never take from what it could not take now."""
    try:
        yield
    except MlflowException as error:
        if error.error_code in REFUSALS:
            raise RefusedError(str(error)) from error
        raise


def _parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (values[start : start + size] for start in range(0, len(values), size))


def _member(run: StoredRun) -> Member:
    tags = run.data.tags
    return Member(
        run_id=run.info.run_id,
        level=tags["level"],
        dataset=tags["dataset"],
        method=tags["method"],
        generation=tags["generation"],
        seed=tags.get("seed"),
        started=run.info.start_time,
        ended=run.info.end_time,
        status=run.info.status,
        metrics={k: v for k, v in run.data.metrics.items() if k.startswith("test/")},
    )
