"""The data report's figures, as SVG that takes its colours from the page around it."""

import io
import re
from collections.abc import Callable
from typing import Any

from markupsafe import Markup
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipeline_lib.reporting.data_report.record import DataReport

SIZE = (7.2, 2.7)
# Drawn in these, shown in the page's: so that a figure is light or dark as the page is.
COLOURS = {"#010101": "ink", "#020202": "line", "#030303": "clean", "#040404": "kept"}
INK, LINE, *_ = COLOURS
SIDES = {"clean": "#030303", "kept": "#040404"}
STYLE: dict[str, Any] = {
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "font.family": "sans-serif",
    "font.size": 9,
    "svg.fonttype": "none",
    "text.color": INK,
    "xtick.color": INK,
    "xtick.major.size": 0,
    "ytick.color": INK,
    "ytick.major.size": 0,
}


def _users_by_interactions(axes: Axes, report: DataReport) -> None:
    bins = report.per_user.histogram.bins
    lefts, widths = [b.low - 0.5 for b in bins], [b.high - b.low + 1 for b in bins]
    for name, colour in SIDES.items():
        heights = [getattr(b, name) for b in bins]
        axes.bar(lefts, heights, widths, align="edge", color=colour, label=f"{name} users")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.set_xlabel("interactions of a user")
    _dress(axes, "users")


def _interactions_by_target(axes: Axes, report: DataReport) -> None:
    bins = report.targets.bins
    for place, (name, colour) in zip((-0.4, 0), SIDES.items(), strict=True):
        rows = [getattr(b, name) for b in bins]
        shares = [100 * n / sum(rows) for n in rows]
        lefts = [n + place for n in range(len(bins))]
        axes.bar(lefts, shares, 0.4, align="edge", color=colour, label=f"{name} interactions")
    axes.set_xticks(range(len(bins)), [f"{b.low:g}" for b in bins])
    axes.set_xlabel(report.task.kind)
    _dress(axes, "share, %")


def _dress(axes: Axes, what: str) -> None:
    axes.set_ylabel(what)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.grid(visible=True, axis="y")
    axes.margins(x=0.01, y=0.25)  # the legend stands above the bars
    axes.legend(frameon=False, loc="upper right", ncols=2)


def _thousands(value: float, _: object) -> str:
    return f"{value:,.0f}"


FIGURES: dict[str, Callable[[Axes, DataReport], None]] = {
    "users-by-interactions": _users_by_interactions,
    "interactions-by-target": _interactions_by_target,
}


def data_figure(report: DataReport, figure: str) -> Markup:
    """Draw one of `FIGURES` as SVG: the same bytes every time, ids that no other figure has."""
    text, name = io.StringIO(), f"{report.dataset}.{figure}"
    with style.context(["default", STYLE, {"svg.hashsalt": name}]):
        canvas = Figure(figsize=SIZE, layout="constrained")
        FIGURES[figure](canvas.add_subplot(), report)
        none = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        canvas.savefig(text, format="svg", transparent=True, metadata=none)
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    for colour, variable in COLOURS.items():
        svg = svg.replace(colour, f"var(--{variable})")
    return Markup(svg)  # noqa: S704 - numbers, the words above and a plain name
