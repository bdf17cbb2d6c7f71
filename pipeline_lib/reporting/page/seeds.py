"""The seeds' values that a cell of a table was computed from."""

from collections.abc import Iterator

from pipeline_lib.comparison.record import Comparison, MethodResult
from pipeline_lib.metrics.definitions import METRICS, USER_ERROR, TaskKind
from pipeline_lib.reporting.columns import HEADERS
from pipeline_lib.reporting.layout import DASH, Column
from pipeline_lib.reporting.paper import Metric
from pipeline_lib.reporting.table_1 import ERRORS


def seed_values(comparison: Comparison, row: str, column: Column) -> str | None:
    """List each seed's value, a line each, for the methods and metrics behind a cell.

    None where the cell holds nothing, or nothing that was measured over seeds.
    """
    if column.cell(row).text == DASH:
        return None
    found = [
        (method, metric)
        for method, metric in _sources(comparison, row, column.fields[0])
        if metric in method.metrics
    ]
    return "\n".join(_lines(method, metric) for method, metric in found) or None


def _sources(comparison: Comparison, row: str, field: str) -> Iterator[tuple[MethodResult, Metric]]:
    kind = comparison.task.kind
    for method in comparison.methods:
        if method.name == row:
            for metric in _metrics(kind, field):
                yield method, metric
                rival = _rival(comparison, field, metric)
                if rival and rival != row:
                    yield comparison.method(rival), metric
        elif field.startswith(f"{method.name}_"):  # one method's error, a row for each group
            by_group = ERRORS[USER_ERROR[kind]]
            if row in by_group:
                yield method, by_group[row]


def _metrics(kind: TaskKind, field: str) -> list[Metric]:
    """Find the metrics that a field is made of by its name."""
    error = USER_ERROR[kind]
    if field == "group_p" or field.startswith(f"{error}_gap"):
        return list(ERRORS[error].values())
    found = [m for m in HEADERS if m in METRICS[kind] and field.startswith(f"{m}_")]
    return [max(found, key=len)] if found else []


def _rival(comparison: Comparison, field: str, metric: Metric) -> str | None:
    for what, best in (
        ("baseline", comparison.baselines),
        ("reference", comparison.references),
    ):
        if field.startswith(f"{metric}_minus_{what}"):
            return best.get(metric)
    return None


def _lines(method: MethodResult, metric: Metric) -> str:
    values = zip(method.seeds, method.metrics[metric].values, strict=True)
    seeds = "\n".join(f"seed {seed}: {value:.6g}" for seed, value in values)
    return f"{method.label}, {HEADERS[metric]}\n{seeds}"
