"""What stands beneath a table on the paper's figures: their source, and what contradicts them."""

from collections.abc import Sequence

from pipeline_lib.comparison.record import MethodResult
from pipeline_lib.reporting.layout import MINUS
from pipeline_lib.reporting.paper import Bars, PaperClicks, PaperFigures, PaperTable


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
