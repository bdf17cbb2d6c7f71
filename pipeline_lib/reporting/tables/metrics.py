"""The metrics that a run chooses: with intervals, and beside an order by chance."""

from dataclasses import replace

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.evaluation.splits import SplitComparison
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import metric_for, metrics_of
from pipeline_lib.reporting.tables.cells import number_cell
from pipeline_lib.reporting.tables.columns import mean_columns, metric_columns
from pipeline_lib.reporting.tables.definitions import KIND, ONE_SCORE
from pipeline_lib.reporting.tables.methods import LAYOUTS, table_of
from pipeline_lib.reporting.tables.notes import (
    bold_note,
    constant_notes,
    over_seeds,
    split_note,
    star_notes,
)
from pipeline_lib.reporting.tables.splits import metric_splits_table
from pipeline_lib.reporting.tables.table import Block, Cell, Table, TableColumn
from pipeline_lib.reporting.tables.users import INTERVAL


def metric_tables(comparison: Comparison, splits: SplitComparison | None) -> dict[str, Table]:
    """Return the tables of the metrics that the run chose, by name; none where it chose none.

    splits: of further splits, where there are any.
    """
    if not comparison.chosen_metrics:
        return {}
    over_splits = {"metric_splits": metric_splits_table(splits)} if splits else {}
    return {"metrics": metrics_table(comparison), **over_splits}


def metrics_table(comparison: Comparison) -> Table:
    """Tabulate the metrics that the run chose, of all methods and of one score for all rows."""
    methods, error = comparison.methods, metric_for("error", comparison.task.kind)
    known = metrics_of(comparison.task.kind, comparison.chosen_metrics)
    metrics = [known[name] for name in comparison.chosen_metrics]
    against = LAYOUTS[2].against(comparison)
    columns = [
        column
        for metric in metrics
        for means in metric_columns(methods, metric, None, against)
        for column in (_with_chance(means, metric, comparison), mean_columns(methods, metric)[1])
    ]
    notes = [
        *(_meaning(metric, comparison) for metric in metrics),
        over_seeds(methods),
        INTERVAL,
        bold_note(methods, metrics),
        *star_notes(against, methods, metrics),
        *constant_notes(methods, metrics),
        f"{ONE_SCORE.label}: that of the least {error.label}; its order is one by chance, the "
        "expectation over all orders.",
        "Every two methods' differences in each metric, user by user, are in pairs.csv.",
        split_note(comparison),
    ]
    title = f"{comparison.title}: metrics of the run's choice"
    table = table_of(comparison, methods, title, columns, notes)
    return replace(table, blocks=(Block("one-score", None, (ONE_SCORE,)), *table.blocks), kind=KIND)


def _with_chance(means: TableColumn, metric: Metric, comparison: Comparison) -> TableColumn:
    chance = comparison.one_score.get(metric.name)
    if chance is None:
        return means
    text = number_cell(chance, f".{metric.digits}f").text
    cell = Cell(text, (chance, *(None for _ in means.fields[1:])))
    return replace(means, cells={**means.cells, ONE_SCORE.name: cell})


def _meaning(metric: Metric, comparison: Comparison) -> str:
    """Return what a metric is, and of which users."""
    every = comparison.test_users
    counted = {m.metrics[metric.name].users for m in comparison.methods if metric.name in m.metrics}
    some = " or ".join(f"{n:,}" for n in sorted(counted)) or "none"
    whom = f"all {every:,}" if counted == {every} else f"{some} of the {every:,}"
    short = comparison.short_users.get(metric.name)
    few = f", {short:,} of them with fewer than {metric.k} rows" if short else ""
    return f"{metric.label}: {metric.meaning}; mean over {whom} test users{few}."
