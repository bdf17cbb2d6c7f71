"""Tables that the paper lacks: intervals, differences user by user, and the gap between groups."""

import csv
import io
from collections.abc import Iterable
from typing import Literal

from pipeline_lib.evaluation.comparison import Comparison, Gap, Pair, SplitPair, Subject
from pipeline_lib.evaluation.statistics import RESAMPLES
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import error_by_group, metric_for
from pipeline_lib.reporting.tables.cells import SIGNIFICANT, p_cell
from pipeline_lib.reporting.tables.columns import (
    difference_columns,
    mean_columns,
    sources,
    sources_of,
)
from pipeline_lib.reporting.tables.methods import table_of
from pipeline_lib.reporting.tables.notes import group_sizes, split_note
from pipeline_lib.reporting.tables.table import MINUS, Table, TableColumn
from pipeline_lib.settings.methods.base import Role

COMPARED_WITH: dict[Role, str] = {"baseline": "baseline", "reference": "reference point"}
NOTHING = "Nothing to compare: it takes two methods, one a baseline or a reference point."
INTERVAL = f"95 % CI: bootstrap over users, percentiles of {RESAMPLES:,} seeded resamples."


def pairs_table(use: Literal["error", "ranking"], comparison: Comparison) -> Table:
    """Tabulate a metric with intervals and its difference from the leaders', user by user.

    use: MSE or NEL is the error, nDCG@5 or AUC the ranking metric. Leaders: the best baseline and
    the best reference point.
    """
    metric, methods = metric_for(use, comparison.task.kind), comparison.methods
    leaders = _leaders(comparison, metric)
    columns = mean_columns(methods, metric)
    for role, leader in leaders.items():
        pairs = {m.name: comparison.pair(metric.name, m.name, leader) for m in methods}
        found = {name: pair for name, pair in pairs.items() if pair}
        behind = sources_of(methods, [metric], comparison.method(leader))
        delta = TableColumn(f"Δ {role}", (f"{metric.name}_minus_{role}",), {}, behind)
        columns += difference_columns(found, delta, metric.digits)
    title = f"{comparison.title}: {metric.label} user by user"
    notes = [*_pair_notes(comparison, metric, leaders), split_note(comparison)]
    return table_of(comparison, methods, title, columns, notes)


def gap_table(comparison: Comparison) -> Table:
    """Tabulate how much worse minor users fare than major ones."""
    error = metric_for("error", comparison.task.kind)
    behind = sources_of(comparison.methods, [*error_by_group(comparison.task.kind).values()])
    gaps = {m.name: m.gap for m in comparison.methods if m.gap}
    gap = TableColumn("gap", (f"{error.name}_gap",), {}, behind)
    *columns, holm = difference_columns(gaps, gap, error.digits)
    p = {name: p_cell(gap.p) for name, gap in gaps.items()}
    columns += [TableColumn("p", (f"{error.name}_gap_p",), p, behind), holm]
    title = f"{comparison.title}: {error.label} of minor users beyond that of major users"
    source = " (the paper's test)" if comparison.of_paper else ""
    notes = [
        f"gap: mean {error.label} of minor users {MINUS} that of major users (n = "
        f"{group_sizes(comparison)} test users), each user's averaged over seeds; above 0, minor "
        "users fare worse.",
        *filter(None, [comparison.activity_note]),
        INTERVAL,
        "d: Cohen's d, the gap in standard deviations of a group's users, pooled.",
        f"p: two-tailed t-test between the groups{source}. Holm p: adjusted by Holm's "
        f"method for all methods ({_tested(gaps.values())} tested); * where < {SIGNIFICANT}.",
        split_note(comparison),
    ]
    return table_of(comparison, comparison.methods, title, columns, notes)


def pairs_csv(subject: Subject, pairs: Iterable[Pair | SplitPair], fields: Iterable[str]) -> str:
    """Render every two methods' difference in every metric; fields: those of a pair."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["dataset", "sample", *fields], lineterminator="\n")
    writer.writeheader()
    whose = {"dataset": subject.dataset, "sample": str(subject.sample).lower()}
    writer.writerows(whose | pair.model_dump() for pair in pairs)
    return text.getvalue()


def _leaders(comparison: Comparison, metric: Metric) -> dict[Role, str]:
    """Return the best method of each role of `COMPARED_WITH` that others are compared with."""
    best: dict[Role, dict[str, str]] = {
        "baseline": comparison.baselines,
        "reference": comparison.references,
    }
    compared = {n for p in comparison.pairs if p.metric == metric.name for n in (p.left, p.right)}
    return {role: by[metric.name] for role, by in best.items() if by.get(metric.name) in compared}


def _pair_notes(comparison: Comparison, metric: Metric, leaders: dict[Role, str]) -> list[str]:
    pairs = [pair for pair in comparison.pairs if pair.metric == metric.name]
    counted = {m.metrics[metric.name].users for m, _ in sources(comparison.methods, [metric])}
    notes = [
        *(
            f"n = {n:,} of the {comparison.test_users:,} test users, each user's {metric.label} "
            "averaged over seeds."
            for n in sorted(counted)
        ),
        INTERVAL,
    ]
    if metric.pools_users:
        notes.append(
            f"{metric.label}: of the query rows of all users together; a user's is what the user "
            f"contributes to it (the mean of all users' contributions is the {metric.label}). "
            "Intervals and tests are of these contributions: close for many users, a little narrow "
            "for few."
        )
    if not counted:
        return [f"No test user has an {metric.label}."]
    if not leaders:
        return [*notes, NOTHING]
    labels = {COMPARED_WITH[role]: comparison.method(name).label for role, name in leaders.items()}
    named = " or of the ".join(f"best {what} ({label})" for what, label in labels.items())
    better = "above" if metric.higher_is_better else "below"
    return [
        *notes,
        f"Δ: the method's {metric.label} {MINUS} that of the {named}; {better} 0, the method is "
        "better.",
        *(f"No {COMPARED_WITH[role]} was run." for role in COMPARED_WITH if role not in leaders),
        "d: Cohen's d, the mean of the users' differences in their standard deviations.",
        "Holm p: two-tailed paired t-test over users, adjusted by Holm's method for all pairs of "
        f"methods ({_tested(pairs)} tested, in pairs.csv); * where < "
        f"{SIGNIFICANT}. It speaks of other users, not of other seeds.",
    ]


def _tested(found: Iterable[Pair | Gap]) -> int:
    return sum(difference.p is not None for difference in found)
