"""A dataset's methods side by side in one table."""

from collections.abc import Sequence
from statistics import fmean

from pipeline_lib.evaluation.comparison import MethodResult, Pair
from pipeline_lib.metrics.registry import USER_ERROR, TaskKind
from pipeline_lib.reporting.paper import Metric
from pipeline_lib.reporting.results.numbers import p_text
from pipeline_lib.reporting.results.runs import DatasetResults, UnknownResultError
from pipeline_lib.reporting.tables.columns import HEADERS, digits, signed, spread_text
from pipeline_lib.reporting.tables.notes import group_sizes
from pipeline_lib.reporting.tables.table import DASH
from pipeline_lib.reporting.tables.write import aligned, escape
from pipeline_lib.schemas.columns import GROUPS

RANKED: dict[TaskKind, tuple[Metric, ...]] = {"rating": ("ndcg_3", "ndcg_5"), "click": ("auc",)}


def overview(results: DatasetResults, against: str | None = None, names: Sequence[str] = ()) -> str:
    """Tabulate methods, lowest error first; no names: all; against None: the best reference."""
    task = results.comparison.task.kind
    error = USER_ERROR[task]
    metrics: list[Metric] = [error, *groups_of(error), *RANKED[task]]
    shown = [results.method(name) for name in names] or results.comparison.methods
    other = results.method(against or _best_reference(results))
    head = [HEADERS[metric] for metric in metrics]
    head += ["gap", f"Δ {escape(other.label)}", "Holm p", "parameters", "s a seed"]
    lines = [
        [
            escape(method.label),
            *(_spread(method, metric) for metric in metrics),
            signed(method.gap.difference, digits(error)) if method.gap else DASH,
            *_difference(results.comparison.pair(error, method.name, other.name), digits(error)),
            *_cost(results, method.name),
        ]
        for method in sorted(shown, key=lambda m: m.metrics[error].mean)
    ]
    return f"{aligned([['Method', *head], *lines])}\n{_note(results, other)}"


def groups_of(error: Metric) -> tuple[Metric, ...]:
    """Name an error's means over major and over minor users."""
    by_name: dict[str, Metric] = {str(metric): metric for metric in HEADERS}
    return tuple(by_name[f"{error}_{group}"] for group in GROUPS)


def _best_reference(results: DatasetResults) -> str:
    error = USER_ERROR[results.comparison.task.kind]
    if error not in results.comparison.references:
        raise UnknownResultError(f"{results.folder}: no reference point was run; name a method")
    return results.comparison.references[error]


def _spread(method: MethodResult, metric: Metric) -> str:
    own = method.metrics.get(metric)
    return spread_text(own, metric) if own else DASH


def _difference(pair: Pair | None, n: int) -> list[str]:
    if pair is None:
        return [DASH, DASH]
    text = signed(pair.difference, n)
    if pair.low is not None and pair.high is not None:
        text += f" ({signed(pair.low, n)} to {signed(pair.high, n)})"
    return [text, p_text(pair.holm_p)]


def _cost(results: DatasetResults, method: str) -> list[str]:
    own = results.trainings_of(method)
    trained = own[0].parameters
    return [f"{trained:,}" if trained else DASH, f"{fmean(r.seconds for r in own):,.0f}"]


def _note(results: DatasetResults, other: MethodResult) -> str:
    comparison = results.comparison
    return (
        f"{comparison.test_users:,} test users ({group_sizes(comparison)}). Gap: minor users' "
        f"error less major users'. Δ: less that of {escape(other.label)}, with its 95 % bootstrap "
        "interval over users and the p of a paired t-test, by Holm's method for all pairs.\n"
    )
