"""The paper's Table 2 at each outer rate, since the paper trains its methods at different ones."""

from dataclasses import replace

import numpy as np

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.tables.columns import metric_columns
from pipeline_lib.reporting.tables.methods import LAYOUTS
from pipeline_lib.reporting.tables.notes import measured_notes
from pipeline_lib.reporting.tables.table import Block, Row, Table

NO_STARS = "No stars: the best baseline may have been trained at another rate than a method."
OF_PAPER = (
    "The paper trains PAML at 5e-6, the baselines with settings similar to PAML's, and AT-PAML and "
    "REG-PAML at 5e-5: its Table 2 has the baselines of one block beside the proposed methods of "
    "another."
)


def rates_table(comparison: Comparison) -> Table:
    """Tabulate the methods that the run has at several outer rates, in a block for each rate."""
    rates = comparison.outer_rates
    methods = [method for method in comparison.methods if method.name in rates]
    metrics = LAYOUTS[2].metrics(comparison.task.kind)
    against = replace(LAYOUTS[2].against(comparison), starred=False)
    shown = [method for method in comparison.all_methods if method.name in rates]
    rows = {m.name: Row(m.name, m.label, len(m.seeds)) for m in shown}
    blocks = (
        Block(f"{rate:g}", _heading(rate), tuple(r for n, r in rows.items() if rates[n] == rate))
        for rate in sorted({*rates.values()})
    )
    return Table(
        dataset=comparison.dataset,
        sample=comparison.sample,
        title=f"{comparison.title}: methods at several outer rates, all else alike",
        columns=tuple(
            column
            for metric in metrics
            for column in metric_columns(methods, metric, None, against)
        ),
        blocks=tuple(blocks),
        notes=(
            *measured_notes(comparison, methods, metrics, against),
            NO_STARS,
            *([OF_PAPER] if comparison.of_paper else []),
            *(method.note for method in comparison.stopped if method.name in rates),
        ),
    )


def _heading(rate: float) -> str:
    """Return a rate as in `β = 2.5e-5`, with all its digits."""
    return f"Outer rate β = {np.format_float_scientific(rate, trim='-', exp_digits=1)}"
