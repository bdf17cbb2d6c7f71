"""An MLflow store; what is sent twice is there once."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_lib.tracking.client import Client, RefusedError, refusals, unless_there
from pipeline_lib.tracking.families import Member, Update, settle
from pipeline_lib.tracking.journal import Artifact, End, Event, Metrics, Model, Run, Tags, now
from pipeline_lib.tracking.views import experiment_tags

if TYPE_CHECKING:
    from mlflow.entities import Run as StoredRun


class Store:
    """The store at a URI. workspace: tells runs of this folder from those of others."""

    def __init__(self, uri: str, artifacts: Path, workspace: str) -> None:
        self.client = Client(uri, registry_uri=uri)
        self.local_artifacts = artifacts if uri.startswith("sqlite:") else None
        self.workspace = workspace

    def deliver(self, run: Run, events: Sequence[Event]) -> None:
        """Send events of a run; raise RefusedError when the store will never take some of them.

        Any other exception means that the store could not be reached or failed.
        """
        with refusals():
            run_id = self._whole(run)
            self.client.send_metrics(run_id, [e for e in events if isinstance(e, Metrics)])
        refused = []
        for event in events:
            try:
                with refusals():
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

    def _whole(self, run: Run) -> str:
        """Find a run or make it; what an earlier try that broke off left out is added."""
        experiment = self._experiment(run.experiment)
        found = next(self._search(experiment, f" and tags.key = '{run.key}'"), None)
        if found and found.data.params.keys() >= run.params.keys():  # they are sent last
            return str(found.info.run_id)
        parent = self._parent(experiment, run)
        run_id = str(found.info.run_id) if found else self._make(experiment, run, parent)
        self.client.send_dataset(run_id, run.dataset, run.split)
        for own in (parent, run_id):
            self.client.send_params(own, run.params)
        return run_id

    def _parent(self, experiment: str, run: Run) -> str:
        """Find the parent of a run's seeds or make it."""
        condition = f" and tags.generation = '{run.generation}' and tags.level = 'method'"
        found = next(self._search(experiment, condition), None)
        if found:
            return str(found.info.run_id)
        tags = self._shared_tags(run) | {"level": "method"}
        made = self.client.create_run(experiment, run.started, tags, run.method)
        return str(made.info.run_id)

    def _make(self, experiment: str, run: Run, parent: str) -> str:
        own = {"level": "seed", "key": run.key, "seed": f"{run.seed}"}
        tags = {**run.tags, **self._shared_tags(run), **own, "mlflow.parentRunId": parent}
        name = f"{run.method} seed {run.seed}"
        made = self.client.create_run(experiment, run.started, tags, name)
        return str(made.info.run_id)

    def _shared_tags(self, run: Run) -> dict[str, str]:
        return {
            "workspace": self.workspace,
            "generation": run.generation,
            "superseded": "false",
            "dataset": run.dataset,
            "method": run.method,
            **{name: run.tags[name] for name in ("gamma",) if name in run.tags},
        }

    def _experiment(self, name: str) -> str:
        found = self.client.get_experiment_by_name(name)
        if found is None:
            local = self.local_artifacts
            folder = (local / name).resolve().as_uri() if local else None
            with unless_there():
                return str(self.client.create_experiment(name, folder, experiment_tags()))
            found = self.client.get_experiment_by_name(name)
        if found is None:
            raise RefusedError(f"experiment {name} can neither be made nor found")
        return str(found.experiment_id)

    def _search(self, experiment: str, condition: str) -> "Iterator[StoredRun]":
        return self.client.find_runs(experiment, f"tags.workspace = '{self.workspace}'{condition}")

    def _send(self, run_id: str, event: Event) -> None:
        match event:
            case Tags():
                self.client.send_tags(run_id, event.tags)
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
        if not self.client.search_registered_models(f"name = '{model.name}'"):
            with unless_there():
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

    def _apply(self, update: Update, run: "StoredRun") -> None:
        changed = {k: v for k, v in update.tags.items() if run.data.tags.get(k) != v}
        self.client.send_tags(run.info.run_id, changed)
        wrong = {k: v for k, v in update.metrics.items() if run.data.metrics.get(k) != v}
        self.client.send_metrics(run.info.run_id, [Metrics(time=now(), step=0, values=wrong)])
        if update.status is not None and update.status != run.info.status:
            if update.status == "RUNNING":
                self.client.update_run(run.info.run_id, "RUNNING")
            else:
                self.client.set_terminated(run.info.run_id, update.status, update.time)


def _member(run: "StoredRun") -> Member:
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
