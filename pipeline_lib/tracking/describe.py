"""What MLflow shows of an attempt and of its evaluation."""

import getpass
import hashlib
import os
from pathlib import Path

from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.metrics.registry import metric_for
from pipeline_lib.training.attempt import Start


def attempt_key(start: Start) -> str:
    """Identify an attempt."""
    job = start.job
    return _digest(f"{job.experiment} {job.method} {job.seed} {job.started.isoformat()}")


def shared_tags(start: Start) -> dict[str, str]:
    """Return the tags that the runs of all seeds share with their parent.

    generation: of all runs that differ by nothing but the seed.
    """
    job = start.job
    same = job.model_dump_json(include={"settings", "task", "network", "code"})
    return {
        "generation": _digest(f"{job.method} {start.split_sha256} {same}"),
        "superseded": "false",
        "dataset": job.dataset,
        "method": job.method,
        **{name: str(job.settings[name]) for name in ("gamma",) if name in job.settings},
    }


def own_tags(start: Start, trial: Path) -> dict[str, str]:
    """Return the tags of a seed's run. trial: the folder of its results."""
    job = start.job
    return {
        "level": "seed",
        "key": attempt_key(start),
        "seed": str(job.seed),
        "kind": str(job.settings["kind"]),
        "split": start.split_sha256,
        "code": job.code,
        "device": job.device,
        "files": str(trial),
        "mlflow.user": _user(),
        "mlflow.source.name": "snakemake",
        "mlflow.source.type": "JOB",
        "mlflow.source.git.commit": job.environment.get("revision", "unknown"),
    }


def settings_of(start: Start) -> dict[str, str]:
    """Return the settings of the method and of its network, as texts."""
    network = start.job.network.model_dump(mode="json") if start.job.network else {}
    return {name: str(value) for name, value in (start.job.settings | network).items()}


def describe_evaluation(evaluation: Evaluation) -> tuple[dict[str, float], dict[str, str]]:
    """Return the test users' metrics, with the gap (minor less major users' error), and tags."""
    error = metric_for("error", evaluation.task.kind).name
    metrics = {f"test/{name}": value for name, value in evaluation.metrics.items()}
    minor, major = (metrics.get(f"test/{error}_{group}") for group in ("minor", "major"))
    tags = {"test_users": str(evaluation.users)}
    if minor is not None and major is not None:
        metrics["test/gap"] = minor - major
        tags["group_gap"] = f"{minor - major:.4f}"
    return metrics, tags


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container a user may have a number and no name
        return str(os.getuid())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
