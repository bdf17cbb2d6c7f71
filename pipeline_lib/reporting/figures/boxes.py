"""Box plots in rows, one for each method."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cbook import boxplot_stats

from pipeline_lib.reporting.figures.canvas import DENSE, common_end
from pipeline_lib.reporting.figures.style import INK, lighten

HINT = "line: median   ◇ mean"
MEAN: dict[str, Any] = {
    "marker": "D",
    "markersize": 2.8,
    "markerfacecolor": "white",
    "markeredgecolor": INK,
    "markeredgewidth": 0.6,
}


def draw_boxes(
    axes: Axes, rows: Sequence[np.ndarray], colours: Sequence[str], outliers: bool
) -> float:
    """Draw a box of each row's values, with or without outliers.

    Returns where an axis may end that shows the whiskers and means.
    """
    found = [boxplot_stats(values)[0] for values in rows]
    boxes = axes.bxp(
        found,
        positions=range(len(rows)),
        orientation="horizontal",
        widths=0.62,
        patch_artist=True,
        showfliers=False,
        showmeans=True,
        manage_ticks=False,
        boxprops={"linewidth": 0.6, "edgecolor": INK},
        whiskerprops={"linewidth": 0.6, "color": INK},
        capprops={"linewidth": 0.6, "color": INK},
        medianprops={"linewidth": 1.2, "color": INK},
        meanprops=MEAN,
    )
    for box, colour in zip(boxes["boxes"], colours, strict=True):
        box.set_facecolor(lighten(colour, 0.3))
    if outliers:
        _draw_outliers(axes, [box["fliers"] for box in found], colours)
    return common_end([max(box["whishi"], box["mean"]) for box in found])


def _draw_outliers(axes: Axes, rows: Sequence[np.ndarray], colours: Sequence[str]) -> None:
    dense = sum(map(len, rows)) > DENSE
    for place, (values, colour) in enumerate(zip(rows, colours, strict=True)):
        axes.plot(
            values,
            np.full(len(values), place),
            linestyle="none",
            marker="o",
            markersize=1.8,
            markerfacecolor=colour,
            markeredgewidth=0,
            alpha=0.45,
            rasterized=dense,
        )
