"""Draw a dataset's figures: as PNG and SVG, with the data behind them and a caption."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.jobs.log import start_log
from pipeline_lib.reporting.drawing.read import read_results
from pipeline_lib.reporting.drawing.trial import write_trial
from pipeline_lib.reporting.drawing.write import write_figures
from pipeline_lib.storage.tables import read_json
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
params, source = snakemake.params, snakemake.input
tables = {
    name: dict(zip(map(tuple, params.trials), map(Path, source[name]), strict=True))
    for name in ("users", "predictions", "history", "support")
}
records = [read_json(Path(path), TrainingRecord) for path in source.trainings]
results = read_results(
    read_json(Path(source.comparison), Comparison),
    tables,
    Path(source.projection) if source.projection else None,
    records,
)
write_figures(results, params.figures, Path(snakemake.output.csv[0]).parent)

for record, plot in zip(records, snakemake.output.trials, strict=True):
    write_trial(results, record.method, record.seed, Path(plot))
