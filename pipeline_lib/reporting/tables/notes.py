"""The notes beneath tables of our results: tests, counts, marks."""

from collections.abc import Iterable, Sequence

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import metric_for, metrics_of
from pipeline_lib.reporting.tables.cells import SIGNIFICANT
from pipeline_lib.reporting.tables.columns import OURS, Against, sources
from pipeline_lib.schemas.columns import GROUPS
from pipeline_lib.settings.task import ClickTask

SPLIT_DIGITS = 12


def measured_notes(
    comparison: Comparison,
    methods: Sequence[MethodResult],
    metrics: Sequence[Metric],
    against: Against,
) -> list[str]:
    """Return how the methods' means were computed, on whom, and what the marks mean."""
    known = metrics_of(comparison.task.kind).values()
    return [
        over_seeds(methods),
        bold_note(methods, [metric for metric in known if metric.tables is not None]),
        *_click_metrics(comparison, methods, metrics),
        *star_notes(against, methods, metrics),
        f"{comparison.test_users:,} test users; split {comparison.split_sha256[:SPLIT_DIGITS]}.",
        *_ranked(comparison, metrics),
        *constant_notes(methods, metrics),
    ]


def bold_note(methods: Sequence[MethodResult], metrics: Sequence[Metric]) -> str:
    """Return what bold and italics mean, and which way of each metric is better."""
    included = "; reference points included" if any(m.role == "reference" for m in methods) else ""
    lower, higher = (
        _listed(m.family for m in metrics if m.higher_is_better is is_higher)
        for is_higher in (False, True)
    )
    ways = filter(None, [lower and f"lower {lower}", higher and f"higher {higher}"])
    are = "are" if len({m.family for m in metrics}) > 1 else "is"
    better = f"{' and '.join(ways)} {are} better."
    return (
        f"Bold: best of the column; italics: second best{included}. {better[0].upper()}{better[1:]}"
    )


def over_seeds(methods: Sequence[MethodResult]) -> str:
    """Return over how many seeds the methods' means are."""
    counts = sorted({len(m.seeds) for m in methods}, reverse=True)
    if counts == [1]:
        return "One seed only (n = 1): no standard deviation, and no test between seeds."
    if len(counts) == 1 and len(methods) > 1:
        return f"Mean ± sample standard deviation over seeds: n = {counts[0]} for each method."
    labels = {n: ", ".join(m.label for m in methods if len(m.seeds) == n) for n in counts}
    named = "; ".join(f"n = {n} for {names}" for n, names in labels.items())
    return f"Mean ± sample standard deviation over seeds: {named}."


def titled(title: str, place: str | None, comparison: Comparison) -> str:
    """Return a table's title; with its place in the paper for a dataset of the paper."""
    return f"{title} (the paper's {place})" if place and comparison.of_paper else title


def group_notes(comparison: Comparison) -> list[str]:
    """Return which test p is of, and who is major where groups go by activity."""
    error = metric_for("error", comparison.task.kind).label
    test = (
        f"p: two-tailed t-test between the {error} of major and of minor users, each user's "
        f"averaged over seeds (n = {group_sizes(comparison)} users), unadjusted."
    )
    return [test, *filter(None, [comparison.activity_note])]


def group_sizes(comparison: Comparison) -> str:
    """Return the number of test users of each group."""
    return " and ".join(f"{comparison.users_by_group.get(g, 0):,} {g}" for g in GROUPS)


def split_note(comparison: Comparison) -> str:
    """Return the split's hash."""
    return f"Split {comparison.split_sha256[:SPLIT_DIGITS]}."


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
    if any(metric.name == "auc_user" for metric in metrics):
        counted = {m.metrics["auc_user"].users for m in methods if "auc_user" in m.metrics}
        notes += [
            "AUC per user: of each user's own query rows; mean over the "
            f"{n:,} test users who have both clicks and other rows there."
            for n in sorted(counted)
        ]
    return notes


def star_notes(
    against: Against, methods: Sequence[MethodResult], metrics: Sequence[Metric]
) -> list[str]:
    """Return what the star means, where any method could have one."""
    shown = sources([m for m in methods if m.role in OURS], metrics)
    ps = [against.p(m.metrics[x.name]) for m, x in shown if x.name in against.rivals]
    if not against.starred or all(p is None for p in ps):
        return []
    return [
        f"* at a proposed method or an ablation: better than {against.named(metrics)} at "
        f"p < {SIGNIFICANT}, two-tailed t-test between the seeds' values, unadjusted."
    ]


def _ranked(comparison: Comparison, metrics: Sequence[Metric]) -> list[str]:
    ranking = [metric for metric in metrics if metric.k]
    if not ranking:
        return []
    rated = "" if comparison.task.scale[0] > 0 else ", one of them rated above 0"
    note = (
        f"{_listed(m.family for m in ranking)}: over the {comparison.ranked_users:,} test users "
        f"with at least two query items{rated}."
    )
    short = [(m.k, n) for m in ranking if (n := comparison.short_users.get(m.name))]
    if short:
        few = " and ".join(f"{n:,} with fewer than {k}" for k, n in short)
        note += f" Of these, {few}, ranked over those they have."
    return [note]


def constant_notes(methods: Sequence[MethodResult], metrics: Sequence[Metric]) -> list[str]:
    """Return which methods gave one score to all of a user's items, where ties count."""
    found = [f"{m.label} (up to {m.constant_users:,} a seed)" for m in methods if m.constant_users]
    ties = dict.fromkeys(metric.ties for metric in metrics if metric.ties)
    if not (found and ties):
        return []
    return [f"Users whose query items all got one score: {', '.join(found)}. {' '.join(ties)}"]


def _listed(names: Iterable[str]) -> str:
    *others, last = dict.fromkeys(names) or [""]
    return f"{', '.join(others)} and {last}" if others else last
