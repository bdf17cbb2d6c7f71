"""Write a figure for eyes, as PNG and SVG, for programs, as CSV, and its caption."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from matplotlib import style
from matplotlib.figure import Figure

from pipeline_lib.evaluation.comparison import Comparison
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
        frame = plots()[name].tidy(results)
        with atomic_path(folder / f"{name}.csv") as temporary:
            frame.write_csv(temporary)
        files = (folder / f"{name}.{suffix}" for suffix in ("png", "svg"))
        caption = draw_figure(name, frame, results.comparison, files)
        write_text(f"{caption}\n", folder / f"{name}.txt")


def draw_figure(
    name: str, frame: pl.DataFrame, comparison: Comparison, files: Iterable[Path]
) -> str:
    """Draw a figure's frame as PNG or SVG files, by their names; return its caption.

    frame: as the figure's CSV has it, of any of the comparison's methods.
    """
    plot = NOTHING if frame.is_empty() and comparison.stopped else plots()[name]
    with style.context(["default", STYLE, {"svg.hashsalt": name}]):
        view = View(frame, comparison)
        caption = plot.caption(view)
        plot.draw(view)
        lay_out(view)
        for file in files:
            _save(view.figure, file, caption)
    return caption


def _save(figure: Figure, path: Path, caption: str) -> None:
    own = NO_SVG_METADATA if path.suffix == ".svg" else {"Software": None}
    metadata: dict[str, Any] = {**own, "Description": caption}
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format=path.suffix[1:], dpi=PIXELS_PER_INCH, metadata=metadata)
