"""A metric's spread over splits beside its spread over seeds, and differences split by split."""

from typing import Literal

from pipeline_lib.evaluation.splits import SplitComparison, SplitResult
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import metric_for, metrics_of
from pipeline_lib.reporting.tables.cells import SIGNIFICANT, number_cell, spread_text
from pipeline_lib.reporting.tables.columns import RANKS, difference_columns
from pipeline_lib.reporting.tables.methods import table_of
from pipeline_lib.reporting.tables.table import MINUS, Cell, Table, TableColumn
from pipeline_lib.reporting.tables.users import COMPARED_WITH
from pipeline_lib.settings.methods.base import Role


def splits_table(use: Literal["error", "ranking"], comparison: SplitComparison) -> Table:
    """Tabulate a metric over splits and its difference from the leaders', split by split.

    use: MSE or NEL is the error, nDCG@5 or AUC the ranking metric. Leaders: the best baseline and
    the best reference point.
    """
    metric = metric_for(use, comparison.task.kind)
    leaders = {role: best for role in COMPARED_WITH if (best := _best(comparison, metric, role))}
    columns = [_means(comparison, metric), _over_seeds(comparison, metric)]
    for role, leader in leaders.items():
        pairs = {
            m.name: comparison.pair(metric.name, m.name, leader.name) for m in comparison.methods
        }
        delta = TableColumn(f"Δ {role}", (f"{metric.name}_minus_{role}",), {})
        tested = {name: pair for name, pair in pairs.items() if pair}
        columns += difference_columns(tested, delta, metric.digits)
    title = f"{comparison.title}: {metric.label} over splits"
    return table_of(
        comparison, comparison.methods, title, columns, _notes(comparison, metric, leaders)
    )


def metric_splits_table(comparison: SplitComparison) -> Table:
    """Tabulate the metrics that the run chose, over splits."""
    known = metrics_of(comparison.task.kind, comparison.chosen_metrics)
    metrics = [known[name] for name in comparison.chosen_metrics]
    columns = [
        column
        for metric in metrics
        for column in (_means(comparison, metric), _over_seeds(comparison, metric))
    ]
    notes = [
        *_about(comparison),
        "Every two methods' differences in each metric are in split_pairs.csv.",
    ]
    title = f"{comparison.title}: metrics of the run's choice over splits"
    return table_of(comparison, comparison.methods, title, columns, notes)


def _best(comparison: SplitComparison, metric: Metric, role: Role) -> SplitResult | None:
    own = [m for m in comparison.methods if m.role == role and metric.name in m.metrics]
    return min(own, key=lambda m: metric.loss(m.metrics[metric.name].mean), default=None)


def _means(comparison: SplitComparison, metric: Metric) -> TableColumn:
    found = {m.name: m.metrics.get(metric.name) for m in comparison.methods}
    ordered = sorted({s.mean for s in found.values() if s}, key=metric.loss)
    cells = {
        name: Cell(
            text=spread_text(s, metric.digits),
            values=(s.mean, s.sd),
            rank=RANKS.get(ordered.index(s.mean)),
        )
        for name, s in found.items()
        if s
    }
    fields = (f"{metric.name}_mean", f"{metric.name}_sd_over_splits")
    return TableColumn(metric.label, fields, cells)


def _over_seeds(comparison: SplitComparison, metric: Metric) -> TableColumn:
    form = f".{metric.digits}f"
    found = {m.name: m.metrics.get(metric.name) for m in comparison.methods}
    cells = {name: number_cell(s.seed_sd, form) for name, s in found.items() if s}
    return TableColumn("± seeds", (f"{metric.name}_sd_over_seeds",), cells)


def _notes(
    comparison: SplitComparison, metric: Metric, leaders: dict[Role, SplitResult]
) -> list[str]:
    labels = {COMPARED_WITH[role]: leader.label for role, leader in leaders.items()}
    named = " or of the ".join(f"best {what} ({label})" for what, label in labels.items())
    better = "above" if metric.higher_is_better else "below"
    tested = sum(pair.p is not None for pair in comparison.pairs if pair.metric == metric.name)
    share = sum(comparison.test_users) / sum(comparison.train_users)
    delta = (
        f"Δ: the method's {metric.label} {MINUS} that of the {named}, split by split; {better} 0, "
        "the method is better."
    )
    return [
        *_about(comparison),
        *([delta] if named else []),
        "95 % CI, Holm p: corrected resampled t-test over splits (Nadeau and Bengio 2003), since "
        f"splits of one log share users: variance times 1/{len(comparison.split_seeds)} + "
        f"{share:.3f} test users a training user. p adjusted by Holm's method for all pairs of "
        f"methods ({tested} tested, in split_pairs.csv); * where < {SIGNIFICANT}. d: Cohen's d, "
        "the mean of the splits' differences in their standard deviations.",
    ]


def _about(comparison: SplitComparison) -> list[str]:
    """Return what the means, deviations and marks are, and that nothing was chosen by them."""
    seeds = ", ".join(map(str, comparison.split_seeds))
    return [
        f"Mean ± sample standard deviation over the splits of seeds {seeds}, each split's value "
        "averaged over seeds. ± seeds: standard deviation over the seeds of one split, the root "
        "mean square over splits.",
        "Nothing was chosen on these splits: settings are those of the files, or were chosen by "
        f"the search on the split of seed {comparison.chosen_on}.",
        f"Bold: best of the column; italics: second best. {_users(comparison)}",
    ]


def _users(comparison: SplitComparison) -> str:
    train, test = (
        f"{min(n):,}" if min(n) == max(n) else f"{min(n):,} to {max(n):,}"
        for n in (comparison.train_users, comparison.test_users)
    )
    return f"{train} training users and {test} test users a split."
