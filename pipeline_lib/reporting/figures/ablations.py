"""Users' errors by group, of proposed methods and their ablations (the paper's Figure 9)."""

from pipeline_lib.reporting.drawing.violins import violin_plot

PLOT = violin_plot(
    ("proposed", "ablation"),
    "proposed methods and ablations",
    applies=lambda methods: any(m.role == "ablation" for m in methods.values()),
    paper="Figure 9",
    methods=("paml", "at-paml", "reg-paml-1e-5", "reg-paml-1e-4", "reg-paml", "reg-paml-1e-2"),
)
