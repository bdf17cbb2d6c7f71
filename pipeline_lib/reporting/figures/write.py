"""Write a figure for eyes, as PNG and SVG, for programs, as CSV, and its caption."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib import style
from matplotlib.figure import Figure

from pipeline_lib.reporting.figures.plot import Plot
from pipeline_lib.reporting.figures.plots import PLOTS
from pipeline_lib.reporting.figures.results import Results
from pipeline_lib.reporting.figures.style import STYLE
from pipeline_lib.storage.tables import atomic_path, write_text

PIXELS_PER_INCH = 200


def write_figures(results: Results, names: Sequence[str], folder: Path) -> None:
    """Write `folder`/name.csv, .png, .svg and .txt, the caption, of each figure named."""
    plots = {plot.name: plot for plot in PLOTS}
    for name in names:
        write_figure(plots[name], results, folder)


def write_figure(plot: Plot, results: Results, folder: Path) -> None:
    """Write one figure's files; the same bytes every time."""
    frame = plot.tidy(results)
    caption = plot.caption(frame, results.comparison)
    with atomic_path(folder / f"{plot.name}.csv") as temporary:
        frame.write_csv(temporary)
    write_text(f"{caption}\n", folder / f"{plot.name}.txt")
    with style.context(["default", STYLE, {"svg.hashsalt": plot.name}]):
        figure = plot.draw(frame, results.comparison)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # laid out once, for both formats
        _save(figure, folder / f"{plot.name}.png", {"Software": None, "Description": caption})
        none = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        _save(figure, folder / f"{plot.name}.svg", none | {"Description": caption})


def _save(figure: Figure, path: Path, metadata: dict[str, Any]) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], dpi=PIXELS_PER_INCH, metadata=metadata)
