"""AUC of clicks with intervals, and box plots of users' NEL (the paper's Figure 3)."""

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.figures.boxes import HINT, draw_boxes
from pipeline_lib.reporting.figures.canvas import (
    axis_end,
    beside_row,
    count_beyond,
    hint,
    method_rows,
    rows_height,
    sheet,
)
from pipeline_lib.reporting.figures.captions import caption, error_axis, users_and_seeds
from pipeline_lib.reporting.figures.frames import by_role, named, shown, user_errors
from pipeline_lib.reporting.figures.plot import Plot
from pipeline_lib.reporting.figures.results import Results
from pipeline_lib.reporting.figures.style import INK, lighten, looks
from pipeline_lib.reporting.tables.columns import HEADERS

CHANCE = 0.5


def _tidy(results: Results) -> pl.DataFrame:
    """Put the AUC of each method, with its interval, above the NEL of each user."""
    methods = by_role(results.comparison.methods)
    found = [(m.name, s) for m in methods if (s := m.metrics.get("auc"))]
    areas = pl.DataFrame(
        [(name, s.mean, s.low, s.high, len(s.values)) for name, s in found],
        schema={
            "method": pl.String,
            "auc": pl.Float64,
            "low": pl.Float64,
            "high": pl.Float64,
            "seeds": pl.Int64,
        },
        orient="row",
    )
    users = user_errors(results).with_columns(pl.col("seeds").cast(pl.Int64))
    return pl.concat([named(areas, methods), users], how="diagonal")


def _draw(frame: pl.DataFrame, comparison: Comparison) -> Figure:
    methods, styles = shown(frame, comparison), looks(comparison.methods)
    figure = sheet(comparison, "quality of predicted clicks", 0.75 + rows_height(methods))
    areas, losses = figure.subplots(1, 2, sharey=True)
    colours = [styles[m.name].colour for m in methods]
    values = dict(frame.drop_nulls("auc").select("method", pl.struct("auc", "low", "high")).rows())
    _draw_areas(areas, [values.get(m.name) for m in methods], colours)
    rows = [
        frame.filter(pl.col("nel").is_not_null(), method=m.name)["nel"].to_numpy() for m in methods
    ]
    end = axis_end(rows)
    draw_boxes(losses, rows, colours, outliers=True)
    for place, row in enumerate(rows):
        count_beyond(losses, place, row, end)
    losses.set_xlim(0, end)
    losses.set_xlabel(error_axis(comparison))
    losses.set_title("each user")
    hint(losses, f"{HINT}   ▸ users beyond")
    for axes in (areas, losses):
        method_rows(axes, methods)
    losses.tick_params(labelleft=False)
    return figure


def _draw_areas(
    axes: Axes, values: list[dict[str, float | None] | None], colours: list[str]
) -> None:
    """Draw bars from chance on; low and high are null where there is no interval."""
    for place, (value, colour) in enumerate(zip(values, colours, strict=True)):
        if value is None or (auc := value["auc"]) is None:
            continue
        axes.barh(
            place,
            auc - CHANCE,
            0.62,
            CHANCE,
            color=lighten(colour, 0.3),
            edgecolor=INK,
            linewidth=0.6,
        )
        low, high = value["low"], value["high"]
        if low is not None and high is not None:
            axes.errorbar(
                auc, place, xerr=[[auc - low], [high - auc]], color=INK, capsize=2, linewidth=0.8
            )
        beside_row(axes, place, f"{auc:.4f}")
    axes.set_title("all users together")
    hint(axes, "95 % interval")
    axes.set_xlabel(f"{HEADERS['auc']} (higher is better; {CHANCE:g} is chance)")


def _caption(_: pl.DataFrame, comparison: Comparison) -> str:
    return caption(
        comparison,
        "Left: area under the ROC curve of all test users' query rows together, mean over seeds, "
        "with its 95 % bootstrap interval over users; bars begin at chance. Right: NEL (weighted "
        "cross-entropy, above 0, lower is better) of each test user, averaged over the method's "
        "seeds; boxes reach from the lower to the upper quartile, whiskers to the last user within "
        "1.5 box lengths of them; the line is the median, the diamond the mean. The axis ends "
        "before the largest losses; the users beyond it are counted at the right.",
        users_and_seeds(comparison),
        "After the paper's Figure 3, whose log is private and whose NEL has the opposite sign.",
    )


PLOT = Plot("clicks", tidy=_tidy, draw=_draw, caption=_caption)
