"""What stands beneath a table: tests, counts, and where the paper's figures come from."""

from collections.abc import Sequence

from pipeline_lib.comparison import Comparison, MethodResult
from pipeline_lib.evaluation import USER_ERROR, TaskKind
from pipeline_lib.reporting.columns import HEADERS, SIGNIFICANT
from pipeline_lib.reporting.layout import MINUS
from pipeline_lib.reporting.paper import Bars, Metric, PaperClicks, PaperTable
from pipeline_lib.settings.task import ClickTask

SAMPLE = "SAMPLE DATA (generated), not comparable with the paper"
DIFFERENCE = f"diff.: our mean {MINUS} the paper's."
BETTER: dict[TaskKind, str] = {
    "rating": "Lower MSE and higher nDCG are better.",
    "click": "Lower NEL and higher AUC are better.",
}
SPLIT_DIGITS = 12


def titled(text: str, sample: bool) -> str:
    """Label the title of a table of sample data as such."""
    return f"{SAMPLE}. {text}" if sample else text


def measured_notes(comparison: Comparison, metrics: Sequence[Metric]) -> list[str]:
    """Say how our figures were computed, on whom, and what the marks mean."""
    notes = [f"{SAMPLE}."] if comparison.sample else []
    notes += [
        f"Mean ± sample standard deviation over seeds: {_seeds(comparison.methods)}.",
        "Bold: best of the column; italics: second best; reference points included. "
        + BETTER[comparison.task.kind],
    ]
    if isinstance(comparison.task, ClickTask):
        notes.append(_click_metrics(comparison.task))
    if best := _best_baselines(comparison, metrics):
        notes.append(
            f"* at a proposed method: differs, for better or worse, from the best baseline ({best})"
            f" at p < {SIGNIFICANT}, two-tailed t-test between the seeds' values."
        )
    ranked = comparison.ranked_users
    whose = "" if ranked is None else f", {ranked:,} of whom have items to rank"
    split = comparison.split_sha256[:SPLIT_DIGITS]
    return [*notes, f"{comparison.test_users:,} test users{whose}; split {split}."]


def group_note(comparison: Comparison) -> str:
    """Say which test stands behind p."""
    users = (f"{comparison.users_by_group.get(g, 0):,} {g}" for g in ("major", "minor"))
    error = HEADERS[USER_ERROR[comparison.task.kind]]
    return (
        f"p: two-tailed t-test between the {error} of major and of minor users, each user's "
        f"averaged over seeds (n = {' and '.join(users)} users); * where p < {SIGNIFICANT}."
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


def paper_clicks_note(clicks: PaperClicks) -> str:
    """Give the paper's figures of clicks, which no row of ours can stand beside."""
    return (
        f"Yu et al. (2021) show clicks only as bars (Figure {clicks.figure}), of a private log; "
        f"ours is another, so these do not compare: AUC {_bars(clicks.auc)}; NEL "
        f"{_bars(clicks.nel)}. This NEL has the sign opposite to ours; with ours, its best would "
        "be its largest loss."
    )


def _bars(bars: Bars) -> str:
    best, second, baseline = (
        f"{value:.4f}".replace("-", MINUS) for value in (bars.best, bars.second, bars.best_baseline)
    )
    return f"best {best}, second {second}, best baseline {baseline}"


def _click_metrics(task: ClickTask) -> str:
    return (
        "NEL: mean over users of the weighted cross-entropy of their query rows (a click weighs "
        f"{task.clicked_weight:g}, any other row {task.other_weight:g}), above 0. AUC: of the "
        "query rows of all users, or of all in the group, together."
    )


def _seeds(methods: Sequence[MethodResult]) -> str:
    counts = sorted({len(m.seeds) for m in methods}, reverse=True)
    labels = {n: ", ".join(m.label for m in methods if len(m.seeds) == n) for n in counts}
    return "; ".join(f"n = {n} for {names}" for n, names in labels.items())


def _best_baselines(comparison: Comparison, metrics: Sequence[Metric]) -> str:
    labels = {m.name: m.label for m in comparison.methods}
    best = {m: comparison.baselines[m] for m in metrics if m in comparison.baselines}
    return "; ".join(f"{HEADERS[metric]}: {labels[name]}" for metric, name in best.items())
