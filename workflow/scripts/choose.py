"""Choose a method's settings on validation users."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.storage import read_json, write_json
from pipeline_lib.training.choice import choose
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

records = [read_json(Path(path), TrainingRecord) for path in snakemake.input]
write_json(choose(records, snakemake.params.candidates), Path(snakemake.output[0]))
