"""Train a method with one candidate's settings; only its loss on validation users is kept."""

from datetime import UTC, datetime
from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.code_digest import join_digests
from pipeline_lib.jobs.environment import environment
from pipeline_lib.jobs.log import start_log
from pipeline_lib.training.record import TrainingJob
from pipeline_lib.training.trial import try_candidate

snakemake: Snakemake

inputs = {name: Path(path) for name, path in snakemake.input.items()}
record, wildcards, params = Path(snakemake.output[0]), snakemake.wildcards, dict(snakemake.params)
# What `code` lists in a rule has no names, and stands before the params that have.
code = join_digests([*snakemake.params][: -len(params)])
values = params.pop("values")
job = TrainingJob(
    **params,
    dataset=wildcards.dataset,
    method=wildcards.method,
    started=datetime.now(UTC),
    threads=snakemake.threads,
    environment=environment(),
    code=code,
)
subject = (job.dataset, job.method, "candidate", wildcards.candidate)
log = start_log(snakemake.log[0], *subject)
share = snakemake.resources.jobs_per_gpu
try_candidate(job, values, inputs, record, share, log)
