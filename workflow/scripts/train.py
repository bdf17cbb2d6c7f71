"""Train a method with one seed; no test user is in the input."""

from datetime import UTC, datetime
from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.code_digest import join_digests
from pipeline_lib.jobs.environment import environment
from pipeline_lib.jobs.log import start_log
from pipeline_lib.storage.tables import read_json
from pipeline_lib.training.record import TrainingJob
from pipeline_lib.training.search import SearchResult, with_values
from pipeline_lib.training.trial import TrialFiles, train_trial

snakemake: Snakemake

inputs = {name: Path(path) for name, path in snakemake.input.items() if path}
out = {name: Path(path) for name, path in snakemake.output.items()}
params = dict(snakemake.params)
# What `code` lists in a rule has no names, and stands before the params that have.
code = join_digests([*snakemake.params][: -len(params)])
taken = params.pop("taken")
nodes = snakemake.resources.get("nodes", 1)
job = TrainingJob(
    **params,
    **snakemake.wildcards,
    started=datetime.now(UTC),
    threads=max(snakemake.threads * nodes // params["processes"], 1),
    environment=environment(),
    code=code,
)
if choice := inputs.pop("choice", None):
    job = with_values(job, read_json(choice, SearchResult).values, taken)
log = start_log(snakemake.log[0], f"{job.dataset} {job.method} seed {job.seed}")
train_trial(job, inputs, TrialFiles(**out), snakemake.resources.jobs_per_gpu, nodes, log)
