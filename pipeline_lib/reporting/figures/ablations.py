"""Users' errors by group, of proposed methods and their ablations (the paper's Figure 9)."""

from pipeline_lib.reporting.drawing import canvas, violins
from pipeline_lib.reporting.drawing.plot import Plot
from pipeline_lib.reporting.drawing.style import count_users, group_handles
from pipeline_lib.reporting.drawing.view import View

PAPER = "Figure 9"
ROLES = ("proposed", "ablation")
METHODS = ("paml", "at-paml", "reg-paml-1e-5", "reg-paml-1e-4", "reg-paml", "reg-paml-1e-2")
WORDS = "proposed methods and ablations"


def _draw(view: View) -> None:
    height = violins.EDGE + violins.ROW * len(view.methods)
    canvas.begin(view, f"error by group, {WORDS}", height)
    whole, enlarged = view.figure.subplots(1, 2, sharey=True)
    violins.draw_whole(whole, view)
    whole.set_title(view.panel("9a", "whole"))
    violins.draw_enlarged(enlarged, view, "9b")
    canvas.legend(view, group_handles(count_users(view.frame)))


def _caption(view: View) -> str:
    return view.caption(
        f"{view.error_name} of each test user, averaged over the method's seeds; {WORDS}. "
        f"{violins.CAPTION} Left: all users; right: enlarged. {violins.BEYOND}",
        view.users_and_seeds,
        after=PAPER,
        methods=METHODS,
    )


PLOT = Plot(
    lambda results: results.user_errors(ROLES),
    _draw,
    _caption,
    applies=lambda methods: any(m.role == "ablation" for m in methods.values()),
    paper=PAPER,
    methods=METHODS,
)
