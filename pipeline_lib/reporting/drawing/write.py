"""Write a figure for eyes, as PNG and SVG, for programs, as CSV, and its caption."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
from matplotlib import style
from matplotlib.figure import Figure

from pipeline_lib.reporting.drawing.canvas import begin, lay_out
from pipeline_lib.reporting.drawing.plot import Plot, plots
from pipeline_lib.reporting.drawing.style import STYLE
from pipeline_lib.reporting.drawing.view import Results, View
from pipeline_lib.storage.tables import atomic_path, write_text

PIXELS_PER_INCH = 200
NO_SVG_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
# What stands for a figure whose methods were all stopped in training.
NOTHING = Plot(
    lambda _: pl.DataFrame(),
    lambda view: begin(view, "nothing to show, as training was stopped", 0.5),
    lambda view: view.caption("Nothing to show."),
)


def write_figures(results: Results, names: Sequence[str], folder: Path) -> None:
    """Write `folder`/name.csv, .png, .svg and .txt, the caption, of figures; always equal bytes."""
    for name in names:
        plot = plots()[name]
        frame = plot.tidy(results)
        with atomic_path(folder / f"{name}.csv") as temporary:
            frame.write_csv(temporary)
        with style.context(["default", STYLE, {"svg.hashsalt": name}]):
            view = View(frame, results.comparison)
            if frame.is_empty() and results.comparison.stopped:
                plot = NOTHING
            caption = plot.caption(view)
            write_text(f"{caption}\n", folder / f"{name}.txt")
            plot.draw(view)
            lay_out(view)
            png = {"Software": None, "Description": caption}
            _save(view.figure, folder / f"{name}.png", png)
            _save(view.figure, folder / f"{name}.svg", NO_SVG_METADATA | {"Description": caption})


def _save(figure: Figure, path: Path, metadata: dict[str, Any]) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], dpi=PIXELS_PER_INCH, metadata=metadata)
