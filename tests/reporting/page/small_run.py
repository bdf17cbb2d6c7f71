"""A run of two datasets, made of the comparisons that tests of tables share."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.image import imsave

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.reporting.page.report import DatasetPart, FigureFile, RunReport, Training
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.all import dataset_tables
from pipeline_lib.reporting.tables.datasets import table_6
from pipeline_lib.reporting.tables.table import Table
from pipeline_lib.schemas.columns import types
from pipeline_lib.schemas.results import SEPARATION
from pipeline_lib.training.record import TrainingRecord
from tests.reporting.small_data import rejects, small_report

ENVIRONMENT = {"python": "3.11.7", "torch": "2.13.0", "revision": "0123456789ab"}
HOSTILE = "<script>alert('1')</script>\"'><img src=x onerror=alert(2)>&amp;"


def small_run(comparisons: Sequence[Comparison], paper: PaperResults, folder: Path) -> RunReport:
    """Report on comparisons, each a dataset."""
    datasets = [small_part(comparison, paper, folder) for comparison in comparisons]
    return RunReport(
        name="small",
        sample=False,
        settings={"config/paper.yaml": "seeds: [0, 1, 2]\n"},
        environment=ENVIRONMENT,
        datasets=datasets,
        tables=[table_6([part.data for part in datasets], paper)],
        missing=["Table 9: there is none."],
    )


def small_part(comparison: Comparison, paper: PaperResults, folder: Path) -> DatasetPart:
    data = small_report(
        rejects() if comparison.dataset == "movielens" else rejects(0),
        dataset=comparison.dataset,
        title=comparison.title,
        sample=comparison.sample,
        task=comparison.task,
    )
    return DatasetPart(
        comparison=comparison,
        data=data,
        tables=list(
            dataset_tables(data, comparison, paper, records(comparison), separation()).values()
        ),
        figures=[small_figure(folder / f"{comparison.dataset}-errors", rows=10)],
        trainings=[t for method in comparison.methods for t in trainings(comparison, method)],
        missing=[],
    )


def small_figure(stem: Path, rows: int) -> FigureFile:
    """Draw a figure of 30 by 20 pixels, its CSV of so many rows of ten characters."""
    png, csv = stem.with_suffix(".png"), stem.with_suffix(".csv")
    imsave(png, np.linspace(0, 1, 600).reshape(20, 30), metadata={"Software": ""})
    csv.write_text("123456789\n" * rows)
    return FigureFile("users_errors", "Errors of users. The line is the median.", png, csv)


def records(comparison: Comparison) -> list[TrainingRecord]:
    return [t.record for method in comparison.methods for t in trainings(comparison, method)]


def separation() -> pl.DataFrame:
    """Separate the groups by the embeddings of MeLU and AT-PAML."""
    rows = [("melu", 1234, 0.875, 0.75), ("at-paml", 1234, 0.9375, 0.8125)]
    return pl.DataFrame(rows, schema=types(SEPARATION), orient="row")


def trainings(comparison: Comparison, method: MethodResult) -> list[Training]:
    return [_training(comparison, method, place) for place in range(len(method.seeds))]


def _training(comparison: Comparison, method: MethodResult, place: int) -> Training:
    seed, learns = method.seeds[place], method.role != "reference"
    record = TrainingRecord(
        experiment="sample/movielens",
        started=datetime(2021, 2, 3, tzinfo=UTC),
        dataset=comparison.dataset,
        method=method.name,
        seed=seed,
        settings={"kind": method.kind},
        task=comparison.task,
        network=None,
        device="cpu",
        threads=1,
        processes=1,
        code="fedcba9876543210",
        environment=ENVIRONMENT,
        split_sha256=comparison.split_sha256,
        parameters=12_345,
        best_epoch=7 + seed if learns else None,
        validation_loss=0.5,
        seconds=1000.25 + seed,
        hardware="Fast CPU",
        peak_bytes=500_000_000,
    )
    evaluation = Evaluation(
        method=method.name,
        seed=seed,
        task=comparison.task,
        split_sha256=comparison.split_sha256,
        users=comparison.test_users,
        ranked_users=comparison.ranked_users,
        short_users=comparison.short_users,
        constant_users=0,
        counted={name: statistic.users for name, statistic in method.metrics.items()},
        metrics={name: statistic.values[place] for name, statistic in method.metrics.items()},
        one_score=comparison.one_score,
        rates={},
    )
    folder = f"results/small/{comparison.dataset}/methods/{method.name}/seed-{seed}"
    return Training(record, evaluation, folder)


def shown_tables(report: RunReport) -> list[tuple[str, Table]]:
    """List all tables, each with its id in the page."""
    named = [(f"the.table.{n}", table) for n, table in enumerate(report.tables, start=1)]
    for part in report.datasets:
        prefix = f"{part.comparison.dataset}.table"
        named += [(f"{prefix}.{n}", table) for n, table in enumerate(part.tables, start=1)]
    return named
