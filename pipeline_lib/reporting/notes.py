"""What stands beneath a table: tests, counts, and where the paper's figures come from."""

from collections.abc import Sequence

from pipeline_lib.comparison import Comparison, MethodResult
from pipeline_lib.reporting.columns import HEADERS, SIGNIFICANT
from pipeline_lib.reporting.layout import MINUS
from pipeline_lib.reporting.paper import Metric, PaperTable

SAMPLE = "SAMPLE DATA (generated), not comparable with the paper"
DIFFERENCE = f"diff.: our mean {MINUS} the paper's."
SPLIT_DIGITS = 12


def measured_notes(comparison: Comparison, metrics: Sequence[Metric]) -> list[str]:
    """Say how our figures were computed, on whom, and what the marks mean."""
    notes = [f"{SAMPLE}."] if comparison.sample else []
    notes += [
        f"Mean ± sample standard deviation over seeds: {_seeds(comparison.methods)}.",
        "Bold: best of the column; italics: second best; reference points included. Lower MSE and "
        "higher nDCG are better.",
    ]
    if best := _best_baselines(comparison, metrics):
        notes.append(
            f"* at a proposed method: differs, for better or worse, from the best baseline ({best})"
            f" at p < {SIGNIFICANT}, two-tailed t-test between the seeds' values."
        )
    return [
        *notes,
        f"{comparison.test_users:,} test users, {comparison.ranked_users:,} of whom have items to "
        f"rank; split {comparison.split_sha256[:SPLIT_DIGITS]}.",
    ]


def group_note(comparison: Comparison) -> str:
    """Say which test stands behind p."""
    users = (f"{comparison.users_by_group.get(g, 0):,} {g}" for g in ("major", "minor"))
    return (
        "p: two-tailed t-test between the MSE of major and of minor users, each user's averaged "
        f"over seeds (n = {' and '.join(users)} users); * where p < {SIGNIFICANT}."
    )


def paper_notes(comparison: Comparison, paper: PaperTable, trials: int) -> list[str]:
    """Say what the paper's figures are, and where the paper contradicts them."""
    shown = [(m.label, paper.rows[m.name]) for m in comparison.methods if m.name in paper.rows]
    return [
        f"paper: the figures of Yu et al. (2021), means of {trials} trials on the paper's own "
        "unpublished split.",
        *(
            f"{label}: the paper's figures are from its Table {row.table}."
            for label, row in shown
            if row.table
        ),
        *([f"{paper.note}."] if paper.note else []),
        *(f"{label}: {row.note}." for label, row in shown if row.note),
    ]


def _seeds(methods: Sequence[MethodResult]) -> str:
    counts = sorted({len(m.seeds) for m in methods}, reverse=True)
    labels = {n: ", ".join(m.label for m in methods if len(m.seeds) == n) for n in counts}
    return "; ".join(f"n = {n} for {names}" for n, names in labels.items())


def _best_baselines(comparison: Comparison, metrics: Sequence[Metric]) -> str:
    labels = {m.name: m.label for m in comparison.methods}
    best = {m: comparison.baselines[m] for m in metrics if m in comparison.baselines}
    return "; ".join(f"{HEADERS[metric]}: {labels[name]}" for metric, name in best.items())
