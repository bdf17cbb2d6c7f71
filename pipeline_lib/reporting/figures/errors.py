"""Box plots of users' errors, whole and enlarged (the paper's Figures 5 and 6)."""

from pipeline_lib.reporting.drawing import canvas, rows
from pipeline_lib.reporting.drawing.plot import RIVALS, Plot
from pipeline_lib.reporting.drawing.view import Results, View

PAPER = "Figures 5 and 6"
BY_DATASET = {"bookcrossing": "Figure 5", "movielens": "Figure 6"}


def _draw(view: View) -> None:
    errors = [view.of(m)[view.error].to_numpy() for m in view.methods]
    colours = [view.looks[m.name].colour for m in view.methods]
    canvas.begin(view, "error of each test user", 0.75 + rows.height(view.methods))
    whole, enlarged = view.figure.subplots(1, 2, sharey=True)
    for axes, outliers in ((whole, True), (enlarged, False)):
        end = 1.04 * rows.draw_boxes(axes, errors, colours, outliers)
        axes.set_xlabel(view.error_axis)
        rows.label(axes, view.methods)
    whole.set_xlim(left=0)
    whole.set_title("all users")
    enlarged.set_xlim(0, end)
    enlarged.set_title("enlarged")
    canvas.hint(enlarged, f"{rows.BOXES}   ▸ users beyond")
    for place, values in enumerate(errors):
        rows.count_beyond(enlarged, place, values, end)
    enlarged.tick_params(labelleft=False)


def _caption(view: View) -> str:
    return view.caption(
        f"{view.error_name} of each test user, averaged over the method's seeds. Left: all users; "
        "right: the same boxes enlarged, without outliers, and how many users lie beyond. Boxes "
        "reach from the lower to the upper quartile, whiskers to the last user within 1.5 box "
        "lengths of them; the line is the median, the diamond the mean.",
        view.users_and_seeds,
        after=BY_DATASET.get(view.comparison.dataset, PAPER),
    )


PLOT = Plot(Results.user_errors, _draw, _caption, paper=PAPER, methods=RIVALS, task="rating")
