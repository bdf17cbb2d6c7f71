"""What every figure has in common."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl
from matplotlib.figure import Figure

from pipeline_lib.comparison.record import Comparison
from pipeline_lib.metrics.definitions import TaskKind
from pipeline_lib.reporting.figures.results import Results
from pipeline_lib.settings.methods.base import MethodSettings

Methods = Mapping[str, MethodSettings]


@dataclass(frozen=True)
class Paper:
    """Where the paper has such a figure, and the methods that it shows there."""

    figures: str
    methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plot:
    """One figure, from results over the tidy frame behind it to what is seen.

    applies: by the task and the methods, tells whether it can be drawn. tidy: makes the frame,
    which the CSV has. draw: from that frame and the comparison alone. caption: plain text.
    """

    name: str
    applies: Callable[[TaskKind, Methods], bool]
    tidy: Callable[[Results], pl.DataFrame]
    draw: Callable[[pl.DataFrame, Comparison], Figure]
    caption: Callable[[pl.DataFrame, Comparison], str]
    paper: Paper | None = None
