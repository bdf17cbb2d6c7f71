"""Users' errors by group, of baselines and proposed methods (the paper's Figure 10)."""

from typing import TYPE_CHECKING

from pipeline_lib.reporting.drawing import canvas, rows, violins
from pipeline_lib.reporting.drawing.plot import TABLE_2, Plot
from pipeline_lib.reporting.drawing.style import count_users, fill, group_handles
from pipeline_lib.reporting.drawing.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAPER = "Figure 10"
ROLES = ("baseline", "proposed")
WORDS = "baselines and proposed methods"
BOX = 0.34  # of a row


def _draw(view: View) -> None:
    height = violins.EDGE + violins.ROW * len(view.methods)
    canvas.begin(view, f"error by group, {WORDS}", height)
    boxes, enlarged = view.figure.subplots(1, 2, sharey=True)
    _draw_boxes(boxes, view)
    boxes.set_title(view.panel("10a", "whole"))
    violins.draw_enlarged(enlarged, view, "10b")
    canvas.legend(view, group_handles(count_users(view.frame)))


def _draw_boxes(axes: "Axes", view: View) -> None:
    rows.draw_boxes(
        axes,
        [
            rows.Box(place + violins.SIDES[group] * 0.2, values, fill(group))
            for (place, group), values in violins.errors_by_group(view).items()
        ],
        BOX,
    )
    rows.label(axes, view.methods)
    axes.set_xlim(left=0)
    axes.set_xlabel(view.error_axis)
    canvas.hint(axes, rows.BOXES)


def _caption(view: View) -> str:
    return view.caption(
        f"{view.error_name} of each test user, averaged over the method's seeds; {WORDS}. "
        f"Left: all users. {rows.BOXES_CAPTION} Right: enlarged. {violins.CAPTION} "
        f"{violins.BEYOND}",
        view.users_and_seeds,
        after=PAPER,
        methods=TABLE_2,
    )


PLOT = Plot(
    lambda results: results.user_errors(ROLES),
    _draw,
    _caption,
    applies=lambda methods: any(m.role in ROLES for m in methods.values()),
    paper=PAPER,
    methods=TABLE_2,
)
