"""The sheet that figures are drawn on: its title, its panels and what explains them."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pipeline_lib.evaluation.comparison import MethodResult
from pipeline_lib.reporting.drawing.style import INK, MIDDLE, PAGE, SMALL
from pipeline_lib.reporting.drawing.view import View
from pipeline_lib.reporting.tables.table import SAMPLE

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

LABEL_WIDTH = 24  # characters
DENSE = 2000  # points that an SVG has as shapes; more go into it as an image


def begin(view: View, title: str, height: float) -> None:
    """Make the sheet as wide as a page, `height` inches high, labelled where data are generated."""
    view.figure.set_size_inches(PAGE, height)
    view.figure.suptitle(f"{view.comparison.title}: {title}", x=0.008, ha="left", weight="bold")
    if view.comparison.sample:
        note = {"x": 0.992, "ha": "right", "fontsize": SMALL, "color": INK, "style": "italic"}
        view.figure.supxlabel(SAMPLE, **note)


def lay_out(view: View) -> None:
    """Lay the sheet out, once: an engine that the figure keeps draws it twice for each file."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if view.figure.axes:
        ConstrainedLayoutEngine().execute(view.figure)


def method_panels(
    view: View, title: str, columns: int, edge: float, each: float
) -> list[tuple["Axes", MethodResult]]:
    """Make a sheet with a titled panel for each method, row by row; the last row may be short.

    edge, each: inches of the sheet's edges and of each row.
    """
    number = len(view.methods)
    rows = -(-number // columns)
    begin(view, title, edge + each * rows)
    grid = view.figure.add_gridspec(rows, min(columns, number))
    found = [view.figure.add_subplot(grid[divmod(n, columns)]) for n in range(number)]
    for axes, method in zip(found, view.methods, strict=True):
        axes.set_title(short(method.label))
    return list(zip(found, view.methods, strict=True))


def legend(view: View, handles: Sequence["Artist"]) -> None:
    """Explain marks of all panels below them."""
    view.figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))


def hint(axes: "Axes", text: str) -> None:
    """Explain marks above a panel, at its right."""
    axes.set_title(text, loc="right", fontsize=SMALL, color=MIDDLE)


def short(label: str) -> str:
    """Break a long label into two lines at most."""
    return "\n".join(textwrap.wrap(label, LABEL_WIDTH, max_lines=2, placeholder=" …"))


def log_axis(axes: "Axes", which: Literal["x", "y"], steps: Sequence[float]) -> None:
    """Make an axis logarithmic, with ticks at `steps` of every power of ten."""
    axes.set(**{f"{which}scale": "log"})
    axes.locator_params(which, subs=steps)
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter("{x:g}")
    axis.minorticks_off()
