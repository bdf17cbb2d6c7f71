"""Tables that the paper lacks: intervals, differences user by user, and the gap between groups."""

import csv
import io
from collections.abc import Sequence

from pipeline_lib.evaluation.comparison import Comparison, Pair
from pipeline_lib.evaluation.statistics import RESAMPLES
from pipeline_lib.metrics.registry import Metric, error_by_group, metric_for
from pipeline_lib.reporting.tables.cells import SIGNIFICANT
from pipeline_lib.reporting.tables.columns import gap_columns, mean_columns, pair_columns, sources
from pipeline_lib.reporting.tables.methods import blocks
from pipeline_lib.reporting.tables.notes import group_sizes, split_note
from pipeline_lib.reporting.tables.table import MINUS, Column, Table

RIVALS = {"baseline": "baseline", "reference": "reference point"}
INTERVAL = f"95 % CI: bootstrap over users, percentiles of {RESAMPLES:,} seeded resamples."


def error_pairs(comparison: Comparison) -> Table:
    """Tabulate MSE or NEL with intervals and its difference from the best rivals', user by user."""
    return _pairs_table(comparison, metric_for("error", comparison.task.kind))


def ranking_pairs(comparison: Comparison) -> Table:
    """Tabulate nDCG@5 or AUC as `error_pairs` does MSE or NEL."""
    return _pairs_table(comparison, metric_for("ranking", comparison.task.kind))


def gap_table(comparison: Comparison) -> Table:
    """Tabulate how much worse minor users fare than major ones."""
    error = metric_for("error", comparison.task.kind)
    by_group = error_by_group(comparison.task.kind).values()
    behind = {m.name: sources([m], by_group) for m in comparison.methods}
    gaps = {m.name: m.gap for m in comparison.methods if m.gap}
    tested = _tested([gap.p for gap in gaps.values()])
    title = f"{comparison.title}: {error.label} of minor users beyond that of major users"
    notes = [
        f"gap: mean {error.label} of minor users {MINUS} that of major users (n = "
        f"{group_sizes(comparison)} test users), each user's averaged over seeds; above 0, minor "
        "users fare worse.",
        INTERVAL,
        "d: Cohen's d, the gap in standard deviations of a group's users, pooled.",
        "p: two-tailed t-test between the groups (the paper's test). Holm p: adjusted by Holm's "
        f"method for all methods ({tested} tested); * where < {SIGNIFICANT}.",
        split_note(comparison),
    ]
    return _table(comparison, title, gap_columns(gaps, error, behind), notes)


def pairs_csv(comparison: Comparison) -> str:
    """Render every two methods' difference in every metric over all users."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["dataset", "sample", *Pair.model_fields], lineterminator="\n")
    writer.writeheader()
    whose = {"dataset": comparison.dataset, "sample": str(comparison.sample).lower()}
    writer.writerows(whose | pair.model_dump() for pair in comparison.pairs)
    return text.getvalue()


def _pairs_table(comparison: Comparison, metric: Metric) -> Table:
    rivals = _rivals(comparison, metric)
    columns = mean_columns(comparison.methods, metric)
    for role, rival in rivals.items():
        other = comparison.method(rival)
        pairs = {m.name: comparison.pair(metric.name, m.name, rival) for m in comparison.methods}
        found = {name: pair for name, pair in pairs.items() if pair}
        behind = {m.name: sources([m, other], [metric]) for m in comparison.methods}
        columns += pair_columns(found, metric, role, behind)
    title = f"{comparison.title}: {metric.label} user by user"
    return _table(comparison, title, columns, _pair_notes(comparison, metric, rivals))


def _rivals(comparison: Comparison, metric: Metric) -> dict[str, str]:
    """Find the best method of each role of `RIVALS` that others are compared with."""
    best = {"baseline": comparison.baselines, "reference": comparison.references}
    compared = {n for p in comparison.pairs if p.metric == metric.name for n in (p.left, p.right)}
    return {role: by[metric.name] for role, by in best.items() if by.get(metric.name) in compared}


def _pair_notes(comparison: Comparison, metric: Metric, rivals: dict[str, str]) -> list[str]:
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
        return [f"No test user has an {metric.label}.", split_note(comparison)]
    if not rivals:
        nothing = "Nothing to compare: it takes two methods, one a baseline or a reference point."
        return [*notes, nothing, split_note(comparison)]
    labels = {RIVALS[role]: comparison.method(name).label for role, name in rivals.items()}
    named = " or of the ".join(f"best {what} ({label})" for what, label in labels.items())
    better = "above" if metric.higher_is_better else "below"
    return [
        *notes,
        f"Δ: the method's {metric.label} {MINUS} that of the {named}; {better} 0, the method is "
        "better.",
        *(f"No {RIVALS[role]} was run." for role in RIVALS if role not in rivals),
        "d: Cohen's d, the mean of the users' differences in their standard deviations.",
        "Holm p: two-tailed paired t-test over users, adjusted by Holm's method for all pairs of "
        f"methods ({_tested([pair.p for pair in pairs])} tested, in pairs.csv); * where < "
        f"{SIGNIFICANT}. It speaks of other users, not of other seeds.",
        split_note(comparison),
    ]


def _tested(p_values: Sequence[float | None]) -> int:
    return sum(p is not None for p in p_values)


def _table(
    comparison: Comparison, title: str, columns: Sequence[Column], notes: Sequence[str]
) -> Table:
    return Table(
        dataset=comparison.dataset,
        sample=comparison.sample,
        title=title,
        columns=tuple(columns),
        blocks=blocks(comparison.methods),
        notes=tuple(notes),
    )
