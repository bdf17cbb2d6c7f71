"""What to know of a dataset's results before its tables."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_lib.evaluation.comparison import Comparison, MethodResult, Pair
from pipeline_lib.metrics.registry import METRICS, TaskKind
from pipeline_lib.reporting.page.record import DatasetPart, RunReport
from pipeline_lib.reporting.paper import Metric
from pipeline_lib.reporting.tables.columns import (
    HEADERS,
    SIGNIFICANT,
    digits,
    p_cell,
    signed,
    spread_text,
)
from pipeline_lib.reporting.tables.notes import SPLIT_DIGITS, group_sizes

MAIN: dict[TaskKind, Metric] = {"rating": "mse", "click": "auc"}
HOUR = 3600


@dataclass(frozen=True)
class Tile:
    """A figure with what it is, and what else there is to say of it."""

    what: str
    figure: str
    more: str = ""
    is_hash: bool = False


def run_tiles(report: RunReport) -> list[Tile]:
    """Count a run's datasets, methods and trainings, and their hours."""
    trials = [trial.training for part in report.datasets for trial in part.trials]
    seconds = sum(trial.seconds for trial in trials)
    hours = f"{seconds / HOUR:,.1f} h" if seconds >= HOUR else f"{seconds / 60:,.1f} min"
    return [
        Tile("datasets", f"{len(report.datasets):,}"),
        Tile("methods", f"{len({trial.method for trial in trials}):,}"),
        Tile("trainings", f"{len(trials):,}"),
        Tile("training time", hours, "wall-clock, all trainings together"),
        Tile("revision", report.environment["revision"], "of this page's code", is_hash=True),
    ]


def dataset_tiles(part: DatasetPart) -> list[Tile]:
    """Sum up a dataset and who did best by its main metric."""
    comparison, metric = part.comparison, MAIN[part.comparison.task.kind]
    method, reference = _best_two(comparison)
    return [
        Tile("users kept", f"{part.data.users:,}", f"of {part.data.clean_users:,} clean"),
        Tile("test users", f"{comparison.test_users:,}", group_sizes(comparison)),
        *(
            Tile(what, best.label, f"{HEADERS[metric]} {spread_text(best.metrics[metric], metric)}")
            for what, best in (("best method", method), ("best reference point", reference))
            if best
        ),
        Tile("split", comparison.split_sha256[:SPLIT_DIGITS], is_hash=True),
    ]


def verdict(comparison: Comparison) -> str | None:
    """Compare the best method with the best reference point; None where one was not run."""
    method, reference = _best_two(comparison)
    if not (method and reference):
        return None
    metric = MAIN[comparison.task.kind]
    difference = method.metrics[metric].mean - reference.metrics[metric].mean
    pair = comparison.pair(metric, method.name, reference.name)
    return (
        f"By {HEADERS[metric]}, the best method, {method.label}, "
        f"{_relation(comparison, metric, difference, pair)} the best reference point, "
        f"{reference.label}: difference {signed(difference, digits(metric))}"
        f"{_tested(metric, pair)}."
    )


def _relation(comparison: Comparison, metric: Metric, difference: float, pair: Pair | None) -> str:
    if pair is None or pair.holm_p is None or pair.holm_p >= SIGNIFICANT:
        return "cannot be told from"
    is_better = (difference > 0) == METRICS[comparison.task.kind][metric].higher_is_better
    return "is better than" if is_better else "is worse than"


def _tested(metric: Metric, pair: Pair | None) -> str:
    if pair is None or pair.low is None or pair.high is None or pair.holm_p is None:
        return ", not tested"
    low, high = (signed(end, digits(metric)) for end in (pair.low, pair.high))
    p = p_cell(pair.holm_p, star=False).text
    return f", 95 % CI over users {low} to {high}, p {p if p.startswith('<') else f'= {p}'} (Holm)"


def _best_two(comparison: Comparison) -> tuple[MethodResult | None, MethodResult | None]:
    methods, references = (
        [m for m in comparison.methods if (m.role == "reference") == is_reference]
        for is_reference in (False, True)
    )
    return _best(comparison, methods), _best(comparison, references)


def _best(comparison: Comparison, methods: Sequence[MethodResult]) -> MethodResult | None:
    metric = MAIN[comparison.task.kind]
    sign = -1 if METRICS[comparison.task.kind][metric].higher_is_better else 1
    measured = [m for m in methods if metric in m.metrics]
    return min(measured, key=lambda m: sign * m.metrics[metric].mean, default=None)
