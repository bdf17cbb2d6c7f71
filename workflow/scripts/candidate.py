"""Train one method with one candidate's settings; only its loss on validation users is kept."""

import time
from datetime import UTC, datetime
from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.devices.choose import take_devices
from pipeline_lib.jobs.code_digest import code_digest
from pipeline_lib.jobs.environment import environment
from pipeline_lib.jobs.log import start_log
from pipeline_lib.settings.methods.base import kind_modules
from pipeline_lib.storage.tables import write_json
from pipeline_lib.training.job import TrainingStoppedError, run_training
from pipeline_lib.training.record import TrainingJob
from pipeline_lib.training.search import CandidateResult, with_values

snakemake: Snakemake

files = {name: Path(path) for name, path in snakemake.input.items()}
record, wildcards, params = Path(snakemake.output[0]), snakemake.wildcards, dict(snakemake.params)
values = params.pop("values")
family = kind_modules(params["settings"]["kind"])
job = TrainingJob(
    **params,
    dataset=wildcards.dataset,
    method=wildcards.method,
    started=datetime.now(UTC),
    threads=snakemake.threads,
    environment=environment(),
    code=code_digest(Path(snakemake.scriptdir, "candidate.py"), family),
)
where = f"{job.dataset} {job.method} candidate {wildcards.candidate}"
log = start_log(snakemake.log[0], where)
log.info("%s", values or "as in the method's own file")
start = time.perf_counter()
with take_devices(job.device, 1, snakemake.resources.jobs_per_gpu) as devices:
    try:
        trained = run_training(
            with_values(job, values, values.keys()),
            files,
            record.parent,
            devices[0],
            lambda epoch: log.info("%s", epoch),
        )
    except TrainingStoppedError as error:
        log.warning("this candidate is out: %s", error)
        seconds = time.perf_counter() - start
        found = CandidateResult(
            validation_loss=None, best_epoch=None, seconds=seconds, stopped=str(error)
        )
    else:
        found = CandidateResult.model_validate(
            trained.record.model_dump(include=set(CandidateResult.model_fields))
        )
        trained.checkpoint.remove()
        log.info("%s", trained.record)
write_json(found, record)
