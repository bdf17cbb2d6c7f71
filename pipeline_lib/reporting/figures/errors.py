"""Box plots of users' errors, enlarged and whole (the paper's Figures 5 and 6)."""

from pipeline_lib.reporting.drawing import canvas, rows
from pipeline_lib.reporting.drawing.plot import TABLE_2, Plot
from pipeline_lib.reporting.drawing.view import Results, View

PAPER = "Figures 5 and 6"
BY_DATASET = {"bookcrossing": "5", "movielens": "6"}


def _draw(view: View) -> None:
    errors = [view.of(m)[view.error].to_numpy() for m in view.methods]
    looks = [rows.tinted(view.looks[m.name].colour) for m in view.methods]
    boxes = [*map(rows.Box, range(len(errors)), errors, looks)]
    canvas.begin(view, "error of each test user", 0.75 + rows.height(view.methods))
    enlarged, whole = view.figure.subplots(1, 2, sharey=True)
    for axes in (enlarged, whole):
        end = 1.04 * rows.draw_boxes(axes, boxes)
        axes.set_xlabel(view.error_axis)
        rows.label(axes, view.methods)
    number = BY_DATASET.get(view.comparison.dataset)
    enlarged.set_title(view.panel(number and f"{number}a", "enlarged"))
    enlarged.set_xlim(0, end)
    canvas.hint(enlarged, f"{rows.BOXES}   ▸ users beyond")
    for place, values in enumerate(errors):
        rows.count_beyond(enlarged, place, values, end)
    whole.set_title(view.panel(number and f"{number}b", "all users"))
    whole.set_xlim(left=0)
    whole.tick_params(labelleft=False)


def _caption(view: View) -> str:
    number = BY_DATASET.get(view.comparison.dataset)
    return view.caption(
        f"{view.error_name} of each test user, averaged over the method's seeds. Left: enlarged, "
        f"with how many users lie beyond the axis; right: all users. {rows.BOXES_CAPTION}",
        view.users_and_seeds,
        after=f"Figure {number}" if number else PAPER,
        methods=TABLE_2,
    )


PLOT = Plot(Results.user_errors, _draw, _caption, paper=PAPER, methods=TABLE_2, task="rating")
