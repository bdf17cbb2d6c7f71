"""One training from its inputs to its results, as a job does it; and one candidate of a search."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from logging import Logger
from pathlib import Path
from typing import Any

import polars as pl

from pipeline_lib.devices.choose import take_devices
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.schemas.columns import types
from pipeline_lib.schemas.training import HISTORY
from pipeline_lib.storage.tables import read_json, write_json, write_table
from pipeline_lib.storage.tensors import write_tensors
from pipeline_lib.training.attempt import AttemptFile, Start
from pipeline_lib.training.distributed import train_as_team
from pipeline_lib.training.job import Trained, TrainingStoppedError, run_training
from pipeline_lib.training.record import EpochRecord, TrainingJob
from pipeline_lib.training.search import CandidateResult, with_values


@dataclass(frozen=True)
class TrialFiles:
    """What a training writes."""

    weights: Path
    history: Path
    record: Path


def train_trial(
    job: TrainingJob,
    inputs: Mapping[str, Path],
    out: TrialFiles,
    jobs_per_gpu: int,
    nodes: int,
    log: Logger,
) -> None:
    """Train, and write the weights, the figures of every epoch and the record.

    inputs: as `run_training` takes them, and `split`, the split's summary. nodes: those that the
    job's processes are on, as many on each. Where losses or gradients stop being sound numbers, the
    weights are those of the best epoch so far, or the first ones, and the record says why; the
    attempt has failed.
    """
    split = read_json(inputs["split"], SplitSummary).sha256
    folder = out.record.parent
    with (
        suppress(TrainingStoppedError),
        AttemptFile(folder, Start(job=job, split_sha256=split), log) as attempt,
    ):

        def on_epoch(epoch: EpochRecord) -> None:
            """Write an epoch to the log and to the attempt's file."""
            log.info("%s", epoch)
            attempt.add(epoch)

        try:
            trained = _train(job, inputs, folder, jobs_per_gpu, nodes, on_epoch)
        except TrainingStoppedError as error:
            _write(error.trained, out)
            message = "%s; the weights of the best epoch so far are in %s"
            log.error(message, error, out.weights)  # noqa: TRY400
            raise
        _write(trained, out)
        log.info("%s", trained.record)


def _write(trained: Trained, out: TrialFiles) -> None:
    write_table(_history(trained), HISTORY, out.history)
    write_tensors(trained.method.state_dict(), out.weights)
    write_json(trained.record, out.record)
    trained.checkpoint.remove()


def _train(
    job: TrainingJob,
    inputs: Mapping[str, Path],
    folder: Path,
    jobs_per_gpu: int,
    nodes: int,
    on_epoch: Callable[[EpochRecord], None],
) -> Trained:
    """Train in this process, or read the result from what a team of processes left."""
    with take_devices(job.device, job.processes // nodes, jobs_per_gpu) as devices:
        if job.processes == 1:
            return run_training(job, inputs, folder, devices[0], on_epoch)
        train_as_team(job, inputs, folder, devices, nodes, on_epoch)
        return run_training(job, inputs, folder, devices[0], lambda _: None)


def _history(trained: Trained) -> pl.DataFrame:
    rows = [
        (epoch.epoch, name, value)
        for epoch in trained.history
        for name, value in epoch.metrics().items()
    ]
    return pl.DataFrame(rows, schema=types(HISTORY), orient="row")


def try_candidate(
    job: TrainingJob,
    values: dict[str, Any],
    inputs: Mapping[str, Path],
    out: Path,
    jobs_per_gpu: int,
    log: Logger,
) -> None:
    """Train with one candidate's values; write its loss on validation users, or why it is out."""
    log.info("%s", values or "as in the method's own file")
    own, report = with_values(job, values, values.keys()), partial(log.info, "%s")
    with take_devices(job.device, 1, jobs_per_gpu) as devices:
        try:
            trained, refusal = run_training(own, inputs, out.parent, devices[0], report), {}
            log.info("%s", trained.record)
        except TrainingStoppedError as error:
            log.warning("this candidate is out: %s", error)
            trained = error.trained
            refusal = {"validation_loss": None, "best_epoch": None, "stopped": str(error)}
    found = trained.record.model_dump(include={*CandidateResult.model_fields}) | refusal
    write_json(CandidateResult.model_validate(found), out)
    trained.checkpoint.remove()
