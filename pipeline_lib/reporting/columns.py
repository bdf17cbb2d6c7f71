"""The columns of the tables: ours, the paper's, and the difference between them."""

from pipeline_lib.comparison import Comparison, MethodResult, Statistic, higher_is_better
from pipeline_lib.reporting.layout import MINUS, Cell, Column, Rank
from pipeline_lib.reporting.paper import Figure, Metric, PaperTable

HEADERS: dict[Metric, str] = {
    "mse": "MSE",
    "ndcg_3": "nDCG@3",
    "ndcg_5": "nDCG@5",
    "mse_major": "MSE major",
    "mse_minor": "MSE minor",
    "nel": "NEL",
    "auc": "AUC",
    "nel_major": "NEL major",
    "nel_minor": "NEL minor",
    "auc_major": "AUC major",
    "auc_minor": "AUC minor",
}
RANKS: dict[int, Rank] = {0: "best", 1: "second"}
SIGNIFICANT = 0.05


def measured(comparison: Comparison, metric: Metric) -> Column:
    """Show a metric of every method, the best two marked, on unrounded means."""
    has_metric = [m for m in comparison.methods if metric in m.metrics]
    means = {m.metrics[metric].mean for m in has_metric}
    ordered = sorted(means, reverse=higher_is_better(metric))
    return Column(
        header=HEADERS[metric],
        fields=(f"{metric}_mean", f"{metric}_sd", f"{metric}_baseline_p"),
        cells={m.name: _measured_cell(m, metric, ordered) for m in has_metric},
    )


def printed(paper: PaperTable, metric: Metric) -> Column:
    """Show what the paper gives for a metric."""
    return Column(
        header="paper",
        fields=(f"paper_{metric}_mean", f"paper_{metric}_sd"),
        cells={
            name: Cell(spread_text(figure, metric), (figure.mean, figure.sd))
            for name, row in paper.rows.items()
            if (figure := row.figures.get(metric))
        },
    )


def difference(comparison: Comparison, paper: PaperTable, metric: Metric) -> Column:
    """Show our mean minus the paper's."""
    ours = {m.name: m.metrics[metric].mean for m in comparison.methods if metric in m.metrics}
    gaps = {
        name: ours[name] - figure.mean
        for name, row in paper.rows.items()
        if name in ours and (figure := row.figures.get(metric))
    }
    return Column(
        header="diff.",
        fields=(f"{metric}_difference",),
        cells={
            name: Cell(f"{gap:+z.{_digits(metric)}f}".replace("-", MINUS), (gap,))
            for name, gap in gaps.items()
        },
    )


def group_p(comparison: Comparison) -> Column:
    """Show the p between major and minor users, starred where significant."""
    values = {m.name: m.group_p for m in comparison.methods}
    cells = {name: _p_cell(p, p < SIGNIFICANT) for name, p in values.items() if p is not None}
    return Column("p", ("group_p",), cells)


def printed_group_p(paper: PaperTable) -> Column:
    """Show the paper's p between major and minor users."""
    values = {name: row.p for name, row in paper.rows.items()}
    cells = {name: _p_cell(p, star=False) for name, p in values.items() if p is not None}
    return Column("paper", ("paper_group_p",), cells)


def _measured_cell(method: MethodResult, metric: Metric, ordered: list[float]) -> Cell:
    statistic = method.metrics[metric]
    p = statistic.baseline_p
    return Cell(
        text=spread_text(statistic, metric),
        values=(statistic.mean, statistic.sd, p),
        rank=RANKS.get(ordered.index(statistic.mean)),
        star=method.role == "proposed" and p is not None and p < SIGNIFICANT,
    )


def spread_text(value: Statistic | Figure, metric: Metric) -> str:
    """Print a mean, and its standard deviation where there is one."""
    digits = _digits(metric)
    return f"{value.mean:.{digits}f}" + ("" if value.sd is None else f" ± {value.sd:.{digits}f}")


def _digits(metric: Metric) -> int:
    return 4 if metric.startswith(("nel", "auc")) else 3  # as the paper prints them


def _p_cell(p: float, star: bool) -> Cell:
    return Cell(f"{p:.3f}" if p >= 0.001 else "< 0.001", (p,), star=star)
