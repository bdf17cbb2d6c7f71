"""What every figure has in common."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from matplotlib.figure import Figure

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.figures.results import Results


@dataclass(frozen=True)
class Plot:
    """One figure, from results over the tidy frame behind it to what is seen.

    tidy: makes the frame, which the CSV has. draw: from that frame and the comparison alone.
    caption: plain text.
    """

    name: str
    tidy: Callable[[Results], pl.DataFrame]
    draw: Callable[[pl.DataFrame, Comparison], Figure]
    caption: Callable[[pl.DataFrame, Comparison], str]
