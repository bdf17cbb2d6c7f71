"""What stands beneath a table on our figures: tests, counts, marks."""

from collections.abc import Sequence

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.metrics.registry import USER_ERROR, TaskKind
from pipeline_lib.reporting.paper import Bars, Metric, PaperClicks, PaperFigures, PaperTable
from pipeline_lib.reporting.tables.columns import HEADERS, OURS, SIGNIFICANT
from pipeline_lib.reporting.tables.table import MINUS
from pipeline_lib.schemas.columns import GROUPS
from pipeline_lib.settings.task import ClickTask, RatingTask

SAMPLE = "SAMPLE DATA (generated), not comparable with the paper"
BETTER: dict[TaskKind, str] = {
    "rating": "Lower MSE and higher nDCG are better.",
    "click": "Lower NEL and higher AUC are better.",
}
TIES: dict[TaskKind, str] = {
    "rating": "For equal scores, nDCG is the mean over random orders.",
    "click": "For AUC, equal scores count half.",
}
SPLIT_DIGITS = 12


def titled(text: str, sample: bool) -> str:
    """Label the title of a table of sample data as such."""
    return f"{SAMPLE}. {text}" if sample else text


def sample_note(sample: bool) -> list[str]:
    """Warn of sample data."""
    return [f"{SAMPLE}."] if sample else []


def measured_notes(
    comparison: Comparison, methods: Sequence[MethodResult], metrics: Sequence[Metric]
) -> list[str]:
    """Say how the methods' figures were computed, on whom, and what the marks mean."""
    included = "; reference points included" if any(m.role == "reference" for m in methods) else ""
    return [
        over_seeds(methods),
        f"Bold: best of the column; italics: second best{included}. "
        + BETTER[comparison.task.kind],
        *_click_metrics(comparison, methods, metrics),
        *_star(comparison, methods, metrics),
        f"{comparison.test_users:,} test users; split {_split(comparison)}.",
        *_ranked(comparison, metrics),
        *_constant(comparison, methods, metrics),
    ]


def over_seeds(methods: Sequence[MethodResult]) -> str:
    """Say over how many seeds the methods' figures are."""
    counts = sorted({len(m.seeds) for m in methods}, reverse=True)
    if counts == [1]:
        return "One seed only (n = 1): no standard deviation, and no test between seeds."
    if len(counts) == 1 and len(methods) > 1:
        return f"Mean ± sample standard deviation over seeds: n = {counts[0]} for each method."
    labels = {n: ", ".join(m.label for m in methods if len(m.seeds) == n) for n in counts}
    named = "; ".join(f"n = {n} for {names}" for n, names in labels.items())
    return f"Mean ± sample standard deviation over seeds: {named}."


def group_note(comparison: Comparison) -> str:
    """Say which test stands behind p."""
    error = HEADERS[USER_ERROR[comparison.task.kind]]
    return (
        f"p: two-tailed t-test between the {error} of major and of minor users, each user's "
        f"averaged over seeds (n = {group_sizes(comparison)} users), unadjusted; * where p < "
        f"{SIGNIFICANT}."
    )


def group_sizes(comparison: Comparison) -> str:
    """Count the test users of each group."""
    return " and ".join(f"{comparison.users_by_group.get(g, 0):,} {g}" for g in GROUPS)


def split_note(comparison: Comparison) -> str:
    """Name the split."""
    return f"Split {_split(comparison)}."


def _click_metrics(
    comparison: Comparison, methods: Sequence[MethodResult], metrics: Sequence[Metric]
) -> list[str]:
    task = comparison.task
    if not isinstance(task, ClickTask):
        return []
    notes = [
        "NEL: mean over users of the weighted cross-entropy of their query rows (a click weighs "
        f"{task.clicked_weight:g}, any other row {task.other_weight:g}), above 0. AUC: of the "
        "query rows of all users, or of all in the group, together."
    ]
    if "auc_user" in metrics:
        counted = {m.metrics["auc_user"].users for m in methods if "auc_user" in m.metrics}
        notes += [
            "AUC per user: of each user's own query rows; mean over the "
            f"{n:,} test users who have both clicks and other rows there."
            for n in sorted(counted)
        ]
    return notes


def _star(
    comparison: Comparison, methods: Sequence[MethodResult], metrics: Sequence[Metric]
) -> list[str]:
    ours = [m for m in methods if m.role in OURS]
    shown = [m.metrics[name] for m in ours for name in metrics if name in m.metrics]
    if all(statistic.baseline_p is None for statistic in shown):
        return []
    best = {m: comparison.baselines[m] for m in metrics if m in comparison.baselines}
    named = "; ".join(f"{HEADERS[m]}: {comparison.method(name).label}" for m, name in best.items())
    return [
        f"* at a proposed method or a variant of one: differs, for better or worse, from the best "
        f"baseline ({named}) at p < {SIGNIFICANT}, two-tailed t-test between the seeds' values, "
        "unadjusted."
    ]


def _ranked(comparison: Comparison, metrics: Sequence[Metric]) -> list[str]:
    if not isinstance(comparison.task, RatingTask) or "ndcg_3" not in metrics:
        return []
    rated = "" if comparison.task.scale[0] > 0 else ", one of them rated above 0"
    note = (
        f"nDCG: over the {comparison.ranked_users:,} test users with at least two query items"
        f"{rated}."
    )
    short = {metric.removeprefix("ndcg_"): n for metric, n in comparison.short_users.items() if n}
    if short:
        few = " and ".join(f"{n:,} with fewer than {k}" for k, n in short.items())
        note += f" Of these, {few}, ranked over those they have."
    return [note]


def _constant(
    comparison: Comparison, methods: Sequence[MethodResult], metrics: Sequence[Metric]
) -> list[str]:
    found = [f"{m.label} (up to {m.constant_users:,} a seed)" for m in methods if m.constant_users]
    if not (found and any(metric.startswith(("ndcg", "auc")) for metric in metrics)):
        return []
    return [
        f"Users whose query items all got one score: {', '.join(found)}. "
        + TIES[comparison.task.kind]
    ]


def _split(comparison: Comparison) -> str:
    return comparison.split_sha256[:SPLIT_DIGITS]


def paper_notes(methods: Sequence[MethodResult], paper: PaperTable, trials: int) -> list[str]:
    """Say what the paper's figures are, and where the paper contradicts them."""
    shown = [(m.label, paper.rows[m.name]) for m in methods if m.name in paper.rows]
    return [
        f"diff.: our mean {MINUS} the paper's.",
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


def not_run(
    number: int, dataset: str, methods: Sequence[MethodResult], paper: PaperFigures
) -> list[str]:
    """Say which methods of the paper's table on a dataset are not in ours."""
    printed = paper.table(number).get(dataset)
    ours = {m.name for m in methods}
    missing = [name for name in printed.rows if name not in ours] if printed else []
    if not missing:
        return []
    return [f"In the paper's Table {number}, but not run here: {', '.join(missing)}."]


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
