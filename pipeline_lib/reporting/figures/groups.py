"""Users' errors by group, of baselines and proposed methods (the paper's Figure 10)."""

from pipeline_lib.reporting.drawing.plot import RIVALS
from pipeline_lib.reporting.drawing.violins import violin_plot

ROLES = ("baseline", "proposed")
PLOT = violin_plot(
    ROLES,
    "baselines and proposed methods",
    applies=lambda methods: any(m.role in ROLES for m in methods.values()),
    paper="Figure 10",
    methods=RIVALS,
)
