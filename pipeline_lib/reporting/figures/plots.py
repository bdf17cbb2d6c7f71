"""All figures, in the paper's order."""

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
from pipeline_lib.reporting.figures.plot import Plot

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
