"""Tables of what a run's trainings and searches took and came to."""

from pipeline_lib.reporting.results.runs import DatasetResults
from pipeline_lib.reporting.tables.table import DASH
from pipeline_lib.reporting.tables.write import aligned, escape


def choices_table(results: DatasetResults) -> str:
    """Tabulate what a search chose for each method, and out of how many candidates."""
    lines = []
    for name, choice in results.choices.items():
        first = choice.candidates[0].validation_loss
        best = choice.candidates[choice.chosen].validation_loss
        values = ", ".join(f"{key} {value}" for key, value in choice.values.items())
        seconds = sum(c.seconds for c in choice.candidates)
        row = [_loss(first), _loss(best), f"{seconds:,.0f}"]
        chosen = values or "as in its file"
        lines.append(
            [escape(results.method(name).label), str(len(choice.candidates)), *row, chosen]
        )
    return aligned([["Method", "candidates", "first", "best", "seconds", "chosen"], *sorted(lines)])


def times_table(results: DatasetResults) -> str:
    """Tabulate every method's best epochs and seconds, a number for each seed, and its code."""
    lines = []
    for method in results.comparison.methods:
        own = results.trainings_of(method.name)
        epochs = ", ".join(str(r.best_epoch) for r in own if r.best_epoch) or DASH
        seconds = ", ".join(f"{r.seconds:,.0f}" for r in own)
        codes = ", ".join(f"`{code}`" for code in sorted({r.code for r in own}))
        total = f"{sum(r.seconds for r in own):,.0f}"
        lines.append([escape(method.label), epochs, seconds, total, codes])
    all_seconds = f"{sum(r.seconds for r in results.trainings):,.0f}"
    head = ["Method", "best epochs", "seconds", "in all", "code"]
    return aligned([head, *lines, ["all", DASH, DASH, all_seconds, DASH]])


def _loss(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"
