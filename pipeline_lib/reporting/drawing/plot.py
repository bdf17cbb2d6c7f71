"""What a figure's module says of it, and which figures a dataset has.

Rules ask for names before anything runs, so that no figure's module imports matplotlib.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from math import inf
from pkgutil import iter_modules

import polars as pl

from pipeline_lib.metrics.metric import TaskKind
from pipeline_lib.reporting import figures
from pipeline_lib.reporting.drawing.view import Results, View
from pipeline_lib.settings.methods.base import (
    EmbeddedSettings,
    LearnerSettings,
    MethodSettings,
    settings_class,
)
from pipeline_lib.settings.methods.paml import UserRateSettings

Methods = Mapping[str, MethodSettings]

TABLE_2 = ("transfer", "melu", "meta-sgd", "at-paml", "reg-paml")  # learned, in the paper's


def _always(_: Methods) -> bool:
    return True


@dataclass(frozen=True)
class Plot:
    """One figure; its name is its module's.

    tidy: makes the frame, which the CSV has. draw, caption: from that frame and the comparison
    alone. applies: whether it can be drawn of a run's methods. paper: where the paper has it, such
    as `Figures 4 and 7`, with which methods. task: the only one that has it.
    """

    tidy: Callable[[Results], pl.DataFrame]
    draw: Callable[[View], None]
    caption: Callable[[View], str]
    applies: Callable[[Methods], bool] = _always
    paper: str | None = None
    methods: tuple[str, ...] = ()
    task: TaskKind | None = None


@cache
def plots() -> dict[str, Plot]:
    """Return all figures by name: the paper's in its order, then ours."""
    names = [module.name for module in iter_modules(figures.__path__)]
    found: dict[str, Plot] = {name: import_module(module_of(name)).PLOT for name in names}
    return dict(sorted(found.items(), key=lambda own: (_number(own[1]), own[0])))


def module_of(name: str) -> str:
    """Return the module of a figure."""
    return f"{figures.__name__}.{name}"


def summary_of(name: str, *, of_paper: bool) -> str:
    """Return what a figure shows, in a sentence: its module's docstring.

    of_paper: whether to name the paper's figure.
    """
    summary = str(import_module(module_of(name)).__doc__)
    return summary if of_paper else re.sub(r" \(the paper's [^)]*\)", "", summary)


def figures_for(task: TaskKind, methods: Methods) -> tuple[str, ...]:
    """Return the names of a dataset's figures, in their order."""
    return tuple(name for name, plot in _plots_for(task).items() if plot.applies(methods))


def missing(task: TaskKind, methods: Methods) -> list[str]:
    """Return a sentence for each of the paper's figures that is missing or lacks methods."""
    found = []
    for name, plot in _plots_for(task).items():
        lacking = [method for method in plot.methods if method not in methods]
        where, names = f"The paper's {plot.paper}", ", ".join(lacking) or "a learner"
        if plot.paper and not plot.applies(methods):
            found.append(f"{where} cannot be drawn without {names}.")
        elif lacking:
            were = "was" if len(lacking) == 1 else "were"
            found.append(f"{where} ({name} here) cannot show {names}, which {were} not run.")
    return found


def has_user_rates(kind: str) -> bool:
    """Return whether methods of a kind choose an inner learning rate for each user."""
    return issubclass(settings_class(kind), UserRateSettings)


def is_learner(kind: str) -> bool:
    """Return whether methods of a kind are trained epoch by epoch."""
    return issubclass(settings_class(kind), LearnerSettings)


def is_embedded(method: MethodSettings) -> bool:
    """Return whether a method's user embeddings are shown: it has some, and is no ablation."""
    return issubclass(settings_class(method.kind), EmbeddedSettings) and method.role != "ablation"


def _plots_for(task: TaskKind) -> dict[str, Plot]:
    return {name: plot for name, plot in plots().items() if plot.task in (None, task)}


def _number(plot: Plot) -> float:
    return int(plot.paper.split()[-1]) if plot.paper else inf
