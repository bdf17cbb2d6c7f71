"""Attempts at trainings that nobody trains."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline_lib.settings.task import RatingTask
from pipeline_lib.training.attempt import AttemptFile, Start
from pipeline_lib.training.record import EpochRecord, TrainingJob

LOG = logging.getLogger("test")
SETTINGS = {"kind": "paml", "gamma": 0.001, "outer_lr": 0.004}


def make_start(seed: int = 0, at: int = 0, **own: Any) -> Start:  # noqa: ANN401
    """Make the start of an attempt. at: seconds."""
    values = {"experiment": "sample/shop", "dataset": "shop", "method": "paml"} | own
    job = TrainingJob(
        **{"settings": SETTINGS} | values,
        seed=seed,
        started=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=at),
        task=RatingTask(scale=(1, 5)),
        network=None,
        device="cpu",
        threads=1,
        processes=1,
        code="c0de",
        environment={},
    )
    return Start(job=job, split_sha256="f00d" * 16)


def make_epoch(number: int, loss: float | None = None) -> EpochRecord:
    loss = 1 / number if loss is None else loss
    return EpochRecord(number, loss, 2 / number, 0.5, measures={}, watched={})


def open_attempt(start: Start, results: Path = Path("results")) -> AttemptFile:
    job = start.job
    trial = results / job.experiment / f"methods/{job.method}/seed-{job.seed}"
    return AttemptFile(trial, start, LOG)
