"""Train one method with one seed; no test user is in the input."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from snakemake.iocontainers import Snakemake

from pipeline_lib.devices.choose import take_devices
from pipeline_lib.jobs.code_digest import code_digest
from pipeline_lib.jobs.environment import environment
from pipeline_lib.jobs.log import start_log
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.schemas.columns import types
from pipeline_lib.schemas.training import HISTORY
from pipeline_lib.settings.methods.base import kind_modules
from pipeline_lib.storage.tables import read_json, write_json, write_table
from pipeline_lib.storage.tensors import write_tensors
from pipeline_lib.training.attempt import AttemptFile, Start
from pipeline_lib.training.distributed import train_as_team
from pipeline_lib.training.job import Trained, TrainingStoppedError, run_training
from pipeline_lib.training.record import EpochRecord, TrainingJob
from pipeline_lib.training.search import SearchResult, with_values

snakemake: Snakemake

files = {name: Path(path) for name, path in snakemake.input.items() if path}
out = {name: Path(path) for name, path in snakemake.output.items()}
params = dict(snakemake.params)
family = kind_modules(params["settings"]["kind"])
taken = params.pop("taken")
job = TrainingJob(
    **params,
    **snakemake.wildcards,
    started=datetime.now(UTC),
    threads=max(snakemake.threads // params["processes"], 1),
    environment=environment(),
    code=code_digest(Path(snakemake.scriptdir, "train.py"), family),
)
if choice := files.pop("choice", None):
    job = with_values(job, read_json(choice, SearchResult).values, taken)
split = read_json(files["split"], SplitSummary).sha256
log = start_log(snakemake.log[0], f"{job.dataset} {job.method} seed {job.seed}")

trial = out["record"].parent


def train(on_epoch: Callable[[EpochRecord], None]) -> Trained:
    """Train in this process, or, from what a team of processes left, settle the result."""
    with take_devices(job.device, job.processes, snakemake.resources.jobs_per_gpu) as devices:
        if job.processes == 1:
            return run_training(job, files, trial, devices[0], on_epoch)
        train_as_team(job, files, trial, devices, on_epoch)
        return run_training(job, files, trial, devices[0], lambda _: None)


with AttemptFile(trial, Start(job=job, split_sha256=split), log) as attempt:

    def on_epoch(epoch: EpochRecord) -> None:
        """Show an epoch in the log and in the attempt's file."""
        log.info("%s", epoch)
        attempt.add(epoch)

    try:
        trained = train(on_epoch)
    except TrainingStoppedError as error:
        last = Path(snakemake.log[0]).with_suffix(".last-good.safetensors")
        write_tensors(error.method.state_dict(), last)
        log.error("%s; the weights of the epoch best so far are in %s", error, last)  # noqa: TRY400
        raise
    figures = [
        (epoch.epoch, name, value)
        for epoch in trained.history
        for name, value in epoch.metrics().items()
    ]
    history = pl.DataFrame(figures, schema=types(HISTORY), orient="row")
    write_table(history, HISTORY, out["history"])
    write_tensors(trained.method.state_dict(), out["weights"])
    write_json(trained.record, out["record"])
trained.checkpoint.remove()
log.info("%s", trained.record)
