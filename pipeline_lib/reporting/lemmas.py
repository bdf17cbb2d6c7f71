"""The figure of docs/paper.md: two users' losses with rates of their own, by exact formulas.

`python -m pipeline_lib.reporting.lemmas` draws it.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from matplotlib import style
from matplotlib.figure import Figure

from pipeline_lib.reporting.drawing.style import EDGES, FACES, INK, MIDDLE, PAGE, STYLE
from pipeline_lib.storage.tables import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IMAGE = Path("docs/images/lemmas.png")
NUMBERS = "Numbers"  # the PNG's own text that has the curves
SHARED = 0.1  # the rate that both users have without rates of their own; user 1 keeps it
WEIGHTS = ((2 / 3, 1 / 3), (0.9, 0.1))  # of users 1 and 2
LOWEST, HIGHEST, POINTS = -0.1, 1.4, 151
REGION: dict[str, Any] = {"color": "#cfe3d4", "linewidth": 0, "zorder": 0}
MARKS = {"shared": "o", "corrected": "D", "printed": "X"}
LINES = {
    "loss": ("total loss", INK),
    "first": ("error of user 1, the larger group", FACES["major"]),
    "second": ("error of user 2", EDGES["minor"]),
}


def at_optimum(weights: tuple[float, float], rates: tuple[Any, Any]) -> dict[str, Any]:
    """Compute the total `loss` where it is least, and both users', `first` and `second`, there.

    The users' targets are 1 and 0. rates: floats, or arrays that are worked on elementwise.
    """
    first, second = (
        weight * (1 - 2 * rate) ** 2 for weight, rate in zip(weights, rates, strict=True)
    )
    total = first + second
    return {
        "loss": first * second / total,
        "first": (1 - 2 * rates[0]) ** 2 * (second / total) ** 2,
        "second": (1 - 2 * rates[1]) ** 2 * (first / total) ** 2,
    }


def witnesses(weights: tuple[float, float]) -> dict[str, float]:
    """Return user 2's rates: the shared one, the corrected witness, the paper's printed one."""
    ratio = math.sqrt(weights[0] / weights[1])
    return {
        "shared": SHARED,
        "corrected": (1 - (1 - 2 * SHARED) / ratio) / 2,
        "printed": ((2 * SHARED + 1) * ratio - 1) / 2,
    }


def curves() -> pl.DataFrame:
    """Return `weight` of user 1, `rate` of user 2, and what is drawn against it."""
    rates = np.linspace(LOWEST, HIGHEST, POINTS)
    frames = [
        pl.DataFrame({"rate": rates, **at_optimum(weights, (SHARED, rates))}).select(
            pl.lit(weights[0]).alias("weight"), pl.all()
        )
        for weights in WEIGHTS
    ]
    return pl.concat(frames)


def draw() -> Figure:
    """Draw the total loss above both users' errors, for two sizes of the groups."""
    figure = Figure((PAGE, 3.7), layout="constrained")
    panels = figure.subplots(2, len(WEIGHTS), sharex=True)
    for column, weights in zip(panels.T, WEIGHTS, strict=True):
        for axes, names in zip(column, (("loss",), ("first", "second")), strict=True):
            _draw_lines(axes, weights, names)
        column[0].set_title(f"groups of sizes {weights[0] / weights[1]:.0f} : 1")
        column[1].set_xlabel("α₂, the learning rate of user 2")
    panels[0, 0].set_ylabel("total loss")
    panels[1, 0].set_ylabel("error of a user")
    figure.legend(handles=_handles(), loc="outside lower left", ncols=3)
    return figure


def _draw_lines(axes: "Axes", weights: tuple[float, float], names: tuple[str, ...]) -> None:
    own = curves().filter(weight=weights[0])
    axes.axvspan(SHARED, 1 - SHARED, **REGION)
    for name in names:
        colour = LINES[name][1]
        axes.plot(own["rate"], own[name], color=colour)
        for mark, rate in witnesses(weights).items():
            height = at_optimum(weights, (SHARED, rate))[name]
            axes.plot(rate, height, color=colour, marker=MARKS[mark], **_look())
    axes.set_ylim(bottom=0)
    axes.set_xlim(LOWEST, HIGHEST)
    axes.grid(visible=True, axis="y")


def _look() -> dict[str, Any]:
    edge = {"markeredgecolor": "white", "markeredgewidth": 0.7}
    return {"clip_on": False, "zorder": 3, "markersize": 5.5, **edge}


def _handles() -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    lines = [Line2D([], [], color=colour, label=label) for label, colour in LINES.values()]
    labels = (
        f"α₂ = α₁ = {SHARED}, one rate",
        "the corrected witness",
        "the printed witness",
    )
    marks = [
        Line2D([], [], color=MIDDLE, linestyle="none", marker=mark, label=label, **_look())
        for mark, label in zip(MARKS.values(), labels, strict=True)
    ]
    region = Patch(**REGION, label="user 2 and the total lose no more")
    return [*lines, *marks, region]


def write(path: Path) -> None:
    """Write the figure as PNG, with the numbers of its curves as CSV in its text."""
    numbers = curves().write_csv(float_precision=6)
    with style.context(["default", STYLE]), atomic_path(path) as temporary:
        metadata = {"Software": None, NUMBERS: numbers}
        draw().savefig(temporary, format="png", dpi=200, metadata=metadata)


if __name__ == "__main__":
    write(IMAGE)
