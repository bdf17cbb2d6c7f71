"""All figures, in the paper's order."""

from pipeline_lib.reporting.figures import (
    by_group,
    clicks,
    embeddings,
    errors,
    failure,
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
    by_group.ABLATIONS,
    by_group.GROUPS,
    embeddings.PLOT,
    learning_curves.PLOT,
    support_size.PLOT,
)
