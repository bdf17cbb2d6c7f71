"""Tables of a run's methods side by side, as Markdown."""

from collections.abc import Sequence

from pipeline_lib.comparison.record import MethodResult, Pair
from pipeline_lib.metrics.definitions import METRICS, USER_ERROR
from pipeline_lib.reporting.layout import DASH, MINUS
from pipeline_lib.reporting.results.runs import DatasetResults

SHORT_P = 0.001


def overview(results: DatasetResults, against: str, names: Sequence[str] = ()) -> str:
    """Tabulate all methods, or some, the best first, each also by its difference to another."""
    task = results.comparison.task.kind
    error = USER_ERROR[task]
    ranked = [name for name in METRICS[task] if name in ("ndcg_3", "ndcg_5", "auc")]
    shown = [results.method(name) for name in names] or results.comparison.methods
    other = results.method(against).label
    head = ["Method", error.upper(), "major", "minor", "gap", *ranked, f"Δ {other}", "Holm p"]
    lines = [
        [
            method.label,
            spread(method, error),
            *(spread(method, f"{error}_{group}") for group in ("major", "minor")),
            signed(method.gap.difference) if method.gap else DASH,
            *(spread(method, name) for name in ranked),
            *_difference(results.comparison.pair(error, method.name, against)),
        ]
        for method in sorted(shown, key=lambda m: m.metrics[error].mean)
    ]
    return markdown_table(head, lines)


def choices_table(results: DatasetResults) -> str:
    """Tabulate what a search chose for each method, and out of how many candidates."""
    lines = []
    for name, choice in results.choices.items():
        losses = [c.validation_loss for c in choice.candidates]
        least = min(loss for loss in losses if loss is not None)
        values = ", ".join(f"{key} {value}" for key, value in choice.values.items())
        seconds = sum(c.seconds for c in choice.candidates)
        first = DASH if losses[0] is None else f"{losses[0]:.3f}"
        row = [first, f"{least:.3f}", f"{seconds:.0f}"]
        chosen = values or "as in its file"
        lines.append([results.method(name).label, str(len(losses)), *row, chosen])
    head = ["Method", "candidates", "first", "best", "seconds", "chosen"]
    return markdown_table(head, sorted(lines))


def times_table(results: DatasetResults) -> str:
    """Tabulate what training took: parameters, best epochs, seconds a seed."""
    lines = []
    for method in results.comparison.methods:
        own = [r for r in results.trainings if r.method == method.name]
        epochs = ", ".join(str(r.best_epoch) for r in own if r.best_epoch)
        seconds = ", ".join(f"{r.seconds:.0f}" for r in own)
        lines.append([method.label, f"{own[0].parameters:,}", epochs or DASH, seconds])
    return markdown_table(["Method", "parameters", "best epochs", "seconds"], lines)


def spread(method: MethodResult, metric: str) -> str:
    """Render a mean over seeds, and its standard deviation where there is one."""
    own = method.metrics.get(metric)
    if own is None:
        return DASH
    return f"{own.mean:.3f}" if own.sd is None else f"{own.mean:.3f} ± {own.sd:.3f}"


def signed(value: float) -> str:
    """Render a difference."""
    return f"{value:+.3f}".replace("-", MINUS)


def probability(p: float | None) -> str:
    """Render a p-value."""
    if p is None:
        return DASH
    return f"< {SHORT_P}" if p < SHORT_P else f"{p:.3f}"


def markdown_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Render a table whose first column is text."""
    rule = [":---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines)) + "\n"


def _difference(pair: Pair | None) -> list[str]:
    if pair is None:
        return [DASH, DASH]
    interval = (
        ""
        if pair.low is None or pair.high is None
        else (f" ({signed(pair.low)} to {signed(pair.high)})")
    )
    return [signed(pair.difference) + interval, probability(pair.holm_p)]
