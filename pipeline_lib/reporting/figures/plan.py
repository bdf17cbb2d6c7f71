"""Which figures a dataset has, and which of the paper's it cannot have."""

from pipeline_lib.metrics.definitions import TaskKind
from pipeline_lib.reporting.figures import (
    ablations,
    clicks,
    embeddings,
    errors,
    failure,
    groups,
    inner_lrs,
    learning_curves,
    support_size,
)
from pipeline_lib.reporting.figures.plot import Methods, Plot

PLOTS: tuple[Plot, ...] = (
    clicks.PLOT,
    errors.PLOT,
    inner_lrs.PLOT,
    failure.PLOT,
    ablations.PLOT,
    groups.PLOT,
    embeddings.PLOT,
    learning_curves.PLOT,
    support_size.PLOT,
)
OTHER_TASK = {"rating": clicks.PLOT, "click": errors.PLOT}  # has no such figure with any method


def figures_for(task_kind: TaskKind, methods: Methods) -> tuple[str, ...]:
    """Name the figures of a dataset, in the paper's order, from settings alone."""
    return tuple(plot.name for plot in PLOTS if plot.applies(task_kind, methods))


def missing(task_kind: TaskKind, methods: Methods) -> list[str]:
    """Say which of the paper's figures cannot be drawn, or lack methods that the paper shows."""
    drawn = figures_for(task_kind, methods)
    found = []
    for plot in PLOTS:
        if plot.paper is None or plot is OTHER_TASK[task_kind]:
            continue
        lacking = [name for name in plot.paper.methods if name not in methods]
        where, names = f"The paper's {plot.paper.figures}", ", ".join(lacking) or "any learner"
        if plot.name not in drawn:
            found.append(f"{where} cannot be drawn without {names}.")
        elif lacking:
            found.append(f"{where} ({plot.name} here) cannot show {names}, which was not run.")
    return found
