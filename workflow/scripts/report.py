"""Write the run's report: tables, figures, data, settings and the trainings behind them."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.jobs.environment import environment
from pipeline_lib.jobs.log import start_log
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.page.page import run_page
from pipeline_lib.reporting.page.report import DatasetPart, FigureFile, RunReport, Training
from pipeline_lib.reporting.paper import load_paper_results, missing_datasets, missing_trials
from pipeline_lib.reporting.tables.all import dataset_tables
from pipeline_lib.reporting.tables.datasets import table_6
from pipeline_lib.storage.tables import read_json, write_text
from pipeline_lib.training.record import TrainingRecord

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
params = snakemake.params
paper = load_paper_results(Path(snakemake.input.paper))


def read_figure(stem: str) -> FigureFile:
    """Read a figure's caption."""
    files = {suffix: Path(f"{stem}.{suffix}") for suffix in ("txt", "png", "csv")}
    caption = files["txt"].read_text(encoding="utf-8").strip()
    return FigureFile(Path(stem).name, caption, files["png"], files["csv"])


def read_training(folder: str) -> Training:
    """Read one training's records."""
    record = read_json(Path(folder, "training.json"), TrainingRecord)
    return Training(record, read_json(Path(folder, "evaluation.json"), Evaluation), folder)


def read_dataset(
    folder: str, trials: list[str], figures: list[str], missing: list[str]
) -> DatasetPart:
    """Read one dataset's results."""
    comparison = read_json(Path(folder, "comparison.json"), Comparison)
    data = read_json(Path(folder, "data_report.json"), DataReport)
    return DatasetPart(
        comparison=comparison,
        data=data,
        tables=list(dataset_tables(data, comparison, paper).values()),
        figures=[read_figure(f"{folder}/figures/{name}") for name in figures],
        trainings=[read_training(trial) for trial in trials],
        missing=missing,
    )


datasets = [read_dataset(**part) for part in params.datasets]
names = [part.comparison.dataset for part in datasets]
report = RunReport(
    name=params.name,
    sample=params.sample,
    settings=params.settings,
    environment=environment(),
    datasets=datasets,
    tables=[table_6([part.data for part in datasets], paper)],
    missing=[*missing_datasets(names, paper), *missing_trials(params.seeds, paper)],
)
write_text(run_page(report), Path(snakemake.output[0]))
