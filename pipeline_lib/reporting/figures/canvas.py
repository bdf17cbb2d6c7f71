"""The sheet that figures are drawn on: its title, and panels whose rows are methods."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.reporting.figures.style import FAINT, INK, MIDDLE, PAGE, SMALL
from pipeline_lib.reporting.tables.notes import SAMPLE

LABEL_WIDTH = 24  # characters
FAR = 3  # by how much a row may reach beyond the middle one before it is cut
DENSE = 2000  # points that an SVG has as shapes; more go into it as an image


def sheet(comparison: Comparison, title: str, height: float) -> Figure:
    """Begin a figure as wide as a page, labelled where the data are generated."""
    figure = Figure(figsize=(PAGE, height), layout="constrained")
    figure.suptitle(f"{comparison.title}: {title}", x=0.008, ha="left", weight="bold")
    if comparison.sample:
        note = {"x": 0.992, "ha": "right", "fontsize": SMALL, "color": INK, "style": "italic"}
        figure.supxlabel(SAMPLE, **note)
    return figure


def panels(figure: Figure, number: int, columns: int) -> list[Axes]:
    """Add panels row by row; the last row may be short."""
    rows = -(-number // columns)
    grid = figure.add_gridspec(rows, min(columns, number))
    return [figure.add_subplot(grid[n // columns, n % columns]) for n in range(number)]


def legend(figure: Figure, handles: Sequence[Artist]) -> None:
    """Explain marks of all panels below them."""
    figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))


def method_rows(axes: Axes, methods: Sequence[MethodResult]) -> None:
    """Give each method a row, the first on top, with a line where another role begins."""
    axes.set_yticks(range(len(methods)), [short(m.label) for m in methods])
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=True, axis="x")
    for place in range(1, len(methods)):
        other = methods[place].role != methods[place - 1].role
        axes.axhline(place - 0.5, color=MIDDLE if other else FAINT, linewidth=0.5, zorder=0.5)


def rows_height(methods: Sequence[MethodResult]) -> float:
    """Measure, in inches, what the methods' rows need at least."""
    lines = max(short(m.label).count("\n") for m in methods) + 1
    return len(methods) * (0.08 + 0.12 * lines)


def short(label: str) -> str:
    """Break a long label into two lines at most."""
    return "\n".join(textwrap.wrap(label, LABEL_WIDTH, max_lines=2, placeholder=" …"))


def hint(axes: Axes, text: str) -> None:
    """Explain marks above a panel, at its right."""
    axes.set_title(text, loc="right", fontsize=SMALL, color=MIDDLE)


def axis_end(rows: Sequence[np.ndarray]) -> float:
    """Find where an axis of methods' errors may end, so that a few large ones do not press others.

    A row's errors reach to two box lengths above its upper quartile, or its 95 % quantile where
    that is larger.
    """
    return common_end([_reach(values) for values in rows])


def common_end(reaches: Sequence[float]) -> float:
    """Choose an end that shows all rows, or but a part of those far worse than most."""
    return float(min(max(reaches), FAR * np.median(reaches)) or max(reaches) or 1)


def _reach(values: np.ndarray) -> float:
    lower, upper, high, largest = np.quantile(values, [0.25, 0.75, 0.95, 1]).tolist()
    return float(min(max(upper + 2 * (upper - lower), high), largest) or largest)


def count_beyond(axes: Axes, place: float, values: np.ndarray, end: float) -> None:
    """Say at a row's right end how many users lie beyond the axis, and their mean if it does."""
    number, mean = int((values > end).sum()), values.mean()
    if number:
        where = f"{mean:,.0f}" if mean >= 1000 else f"{mean:.3g}"
        beside_row(axes, place, f"{number:,} ▸" + (f" mean {where}" if mean > end else ""))


def beside_row(axes: Axes, place: float, text: str) -> None:
    """Write at a row's right end."""
    axes.annotate(
        text,
        (1, place),
        xycoords=axes.get_yaxis_transform(),
        xytext=(3, 0),
        textcoords="offset points",
        va="center_baseline",
        fontsize=SMALL,
        color=MIDDLE,
    )
