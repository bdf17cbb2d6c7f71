"""Names of lines at their right ends, moved apart where they would overlap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from pipeline_lib.reporting.figures.style import Look

LINE = 9.0  # points from a name to the next
LEADER = (4, 22)  # points from the axes to where the leader and the name begin


@dataclass(frozen=True)
class End:
    """A line's name, and its last value."""

    label: str
    value: float
    look: Look


def label_ends(axes: Axes, ends: Sequence[End], height: float) -> None:
    """Write names beside the axes, about `height` points high, each led to its line's end."""
    to_axes = axes.transData + axes.transAxes.inverted()
    wanted = [float(to_axes.transform((0, end.value))[1]) for end in ends]
    for end, start, place in zip(ends, wanted, spread(wanted, LINE / height), strict=True):
        axes.annotate(
            "",
            (1, start),
            (LEADER[1] - 2, (place - start) * height),
            xycoords="axes fraction",
            textcoords="offset points",
            arrowprops={
                "arrowstyle": "-",
                "color": end.look.colour,
                "linewidth": 0.7,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
        axes.annotate(
            end.label,
            (1, start),
            (LEADER[1], (place - start) * height),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center_baseline",
        )


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Move places apart to at least `gap`: each run of them around its mean, if within 0 and 1."""
    order = np.argsort(wanted, kind="stable")
    runs: list[list[float]] = []
    for place in np.asarray(wanted)[order].tolist():
        runs.append([place])
        while len(runs) > 1 and _places(runs[-2], gap)[-1] + gap > _places(runs[-1], gap)[0]:
            runs[-2:] = [runs[-2] + runs[-1]]
    result = np.empty(len(order))
    result[order] = [place for run in runs for place in _places(run, gap)]
    return result.tolist()


def _places(run: Sequence[float], gap: float) -> list[float]:
    half = (len(run) - 1) / 2 * gap
    middle = max(min(float(np.mean(run)), 1 - half), half)
    return [middle - half + n * gap for n in range(len(run))]
