"""What to know of a dataset's results before its tables."""

from dataclasses import dataclass

from pipeline_lib.evaluation.comparison import Comparison, MethodResult, Pair, best_method
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import metric_for
from pipeline_lib.reporting.page.report import DatasetPart, RunReport
from pipeline_lib.reporting.tables.cells import SIGNIFICANT, p_cell, signed, spread_text
from pipeline_lib.reporting.tables.notes import SPLIT_DIGITS, group_sizes

HOUR = 3600


@dataclass(frozen=True)
class Tile:
    """A number or a name, what it is, and what else there is to say of it."""

    what: str
    value: str
    more: str = ""
    is_hash: bool = False


def run_tiles(report: RunReport) -> list[Tile]:
    """Count a run's datasets, methods and trainings, and their hours."""
    records = [training.record for part in report.datasets for training in part.trainings]
    seconds = sum(record.seconds for record in records)
    hours = f"{seconds / HOUR:,.1f} h" if seconds >= HOUR else f"{seconds / 60:,.1f} min"
    return [
        Tile("datasets", f"{len(report.datasets):,}"),
        Tile("methods", f"{len({record.method for record in records}):,}"),
        Tile("trainings", f"{len(records):,}"),
        Tile("training time", hours, "wall-clock, all trainings together"),
        Tile("revision", report.environment["revision"], "of this page's code", is_hash=True),
    ]


def dataset_tiles(part: DatasetPart) -> list[Tile]:
    """Count a dataset's users and name who did best by its main metric."""
    comparison, metric = part.comparison, metric_for("main", part.comparison.task.kind)
    method, reference = _best_two(comparison, metric)
    return [
        Tile("users kept", f"{part.data.users:,}", f"of {part.data.clean_users:,} clean"),
        Tile("test users", f"{comparison.test_users:,}", group_sizes(comparison)),
        *(
            Tile(what, best.label, f"{metric.label} {spread_text(statistic, metric.digits)}")
            for what, best in (("best method", method), ("best reference point", reference))
            if best and (statistic := best.metrics[metric.name])
        ),
        Tile("split", comparison.split_sha256[:SPLIT_DIGITS], is_hash=True),
    ]


def verdict(comparison: Comparison) -> str | None:
    """Compare the best method with the best reference point; None where one was not run."""
    metric = metric_for("main", comparison.task.kind)
    method, reference = _best_two(comparison, metric)
    if not (method and reference):
        return None
    difference = method.metrics[metric.name].mean - reference.metrics[metric.name].mean
    pair = comparison.pair(metric.name, method.name, reference.name)
    return (
        f"By {metric.label}, the best method, {method.label}, "
        f"{_relation(metric, difference, pair)} the best reference point, "
        f"{reference.label}: difference {signed(difference, metric.digits)}"
        f"{_tested(metric, pair)}."
    )


def _relation(metric: Metric, difference: float, pair: Pair | None) -> str:
    if pair is None or pair.holm_p is None or pair.holm_p >= SIGNIFICANT:
        return "cannot be told from"
    return "is better than" if metric.loss(difference) < 0 else "is worse than"


def _tested(metric: Metric, pair: Pair | None) -> str:
    if pair is None or pair.low is None or pair.high is None or pair.holm_p is None:
        return ", not tested"
    low, high = (signed(end, metric.digits) for end in (pair.low, pair.high))
    p = p_cell(pair.holm_p).text
    return f", 95 % CI over users {low} to {high}, p {p if p.startswith('<') else f'= {p}'} (Holm)"


def _best_two(
    comparison: Comparison, metric: Metric
) -> tuple[MethodResult | None, MethodResult | None]:
    """Return the best method and the best reference point."""
    methods = (m for m in comparison.methods if m.role != "reference")
    references = (m for m in comparison.methods if m.role == "reference")
    return best_method(methods, metric), best_method(references, metric)
