"""What MLflow is told of a training job and of its evaluation."""

import getpass
import hashlib
import os
from pathlib import Path

from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.metrics.registry import USER_ERROR
from pipeline_lib.tracking.journal import Metrics, Run, Tags, now
from pipeline_lib.training.record import TrainingJob, TrainingRecord

SECOND = 1000  # milliseconds


def describe_run(job: TrainingJob, split_sha256: str, files: Path) -> Run:
    """Describe a training job's run. files: the folder of its results."""
    started = int(job.started.timestamp() * SECOND)
    network = job.network.model_dump(mode="json") if job.network else {}
    same = job.model_dump_json(include={"settings", "task", "network", "code"})
    tags = {
        "kind": str(job.settings["kind"]),
        "split": split_sha256,
        "code": job.code,
        "device": job.device,
        "files": str(files),
        "mlflow.user": _user(),
        "mlflow.source.name": "snakemake",
        "mlflow.source.type": "JOB",
        "mlflow.source.git.commit": job.environment.get("revision", "unknown"),
        **{name: str(job.settings[name]) for name in ("gamma",) if name in job.settings},
    }
    return Run(
        key=_digest(f"{job.experiment} {job.method} {job.seed} {job.started.isoformat()}"),
        generation=_digest(f"{job.method} {split_sha256} {same}"),
        experiment=job.experiment,
        method=job.method,
        seed=job.seed,
        started=started,
        tags=tags,
        params={name: str(value) for name, value in (job.settings | network).items()},
        dataset=job.dataset,
        split=split_sha256,
    )


def ended(record: TrainingRecord) -> int:
    """Tell when a finished job ended, in milliseconds since 1970."""
    return int((record.started.timestamp() + record.seconds) * SECOND)


def describe_evaluation(evaluation: Evaluation) -> tuple[Metrics, Tags]:
    """List the metrics of the test users, and the gap: minor users' error less major users'."""
    error = USER_ERROR[evaluation.task.kind]
    metrics = {f"test/{name}": value for name, value in evaluation.metrics.items()}
    minor, major = (metrics.get(f"test/{error}_{group}") for group in ("minor", "major"))
    tags = {"test_users": str(evaluation.users)}
    if minor is not None and major is not None:
        metrics["test/gap"] = minor - major
        tags["group_gap"] = f"{minor - major:.4f}"
    return Metrics(time=now(), step=0, values=metrics), Tags(tags=tags)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container a user may have a number and no name
        return str(os.getuid())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
