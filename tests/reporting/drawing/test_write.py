"""Every figure is drawn from any results: as PNG, SVG and CSV, the same bytes each time."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import polars as pl
import pytest
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.text import Annotation

from pipeline_lib.evaluation.stopped import StoppedMethod
from pipeline_lib.reporting.drawing.canvas import lay_out
from pipeline_lib.reporting.drawing.plot import figures_for, plots
from pipeline_lib.reporting.drawing.style import PAGE, STYLE
from pipeline_lib.reporting.drawing.view import Results, View
from pipeline_lib.reporting.drawing.write import PIXELS_PER_INCH, draw_figure, write_figures
from pipeline_lib.reporting.tables.table import SAMPLE
from tests.reporting.drawing.sheet import misplaced, texts
from tests.reporting.drawing.worlds import CLICK, DEMO, METHODS, RATING, invented, settings, some

FORMATS = ("csv", "png", "svg", "txt")

FAILURE = ("at-paml-outer-5e-4",)
RATINGS = invented(some(["melu", "at-paml", *FAILURE]), users=60, seeds=2, sample=True)


def names(results: Results) -> tuple[str, ...]:
    methods = {
        m.name: settings(m.name, m.label, m.kind, m.role)[m.name]
        for m in results.comparison.methods
    }
    return figures_for(results.comparison.task.kind, methods)


def drawn(results: Results, chosen: Sequence[str] | None = None) -> dict[str, Figure]:
    """Draw and lay out, as writing does, but leave out the files."""
    found = {}
    with style.context(["default", STYLE]):
        for name in chosen or names(results):
            view = View(plots()[name].tidy(results), results.comparison)
            plots()[name].draw(view)
            lay_out(view)
            view.figure.draw_without_rendering()
            found[name] = view.figure
    return found


@cache
def world(name: str) -> dict[str, Figure]:
    """Draw a world's figures once for all tests."""
    return drawn(WORLDS[name]())


@pytest.fixture(
    scope="module",
    params=[("errors", "inner_lrs"), pytest.param(names(RATINGS), marks=pytest.mark.slow)],
    ids=["some", "all"],
)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of figures of ratings."""
    folder = tmp_path_factory.mktemp("written")
    write_figures(RATINGS, request.param, folder)
    assert {path.stem for path in folder.iterdir()} == set(request.param)
    return folder


def drawn_in(folder: Path) -> list[str]:
    """Name the figures of which a folder has files, and nothing else."""
    found = sorted({path.stem for path in folder.iterdir()})
    due = {f"{name}.{suffix}" for name in found for suffix in FORMATS}
    assert {path.name for path in folder.iterdir()} == due
    return found


def test_files_of_every_figure_and_nothing_else(written: Path) -> None:
    for name in drawn_in(written):
        read = pl.read_csv(written / f"{name}.csv", infer_schema_length=None)
        assert read.shape == plots()[name].tidy(RATINGS).shape
        assert imread(written / f"{name}.png").shape[1] == PAGE * PIXELS_PER_INCH
        caption = (written / f"{name}.txt").read_text("utf-8")
        assert caption.startswith(f"{SAMPLE}. MovieLens-1M. ")
        assert len(caption.splitlines()) == 1
        svg = (written / f"{name}.svg").read_text("utf-8")
        assert "<text" not in svg
        assert caption.split(". ")[2][:30] in svg


def test_every_caption_opens_with_the_sample_and_the_title() -> None:
    for name in names(RATINGS):
        view = View(plots()[name].tidy(RATINGS), RATINGS.comparison)
        assert plots()[name].caption(view).startswith(f"{SAMPLE}. MovieLens-1M. ")


def test_the_same_bytes_every_time(written: Path, tmp_path: Path) -> None:
    figures = drawn_in(written)
    write_figures(RATINGS, figures, tmp_path)
    assert len([*tmp_path.iterdir()]) == len(figures) * len(FORMATS)
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (written / path.name).read_bytes(), path.name


@pytest.mark.slow
def test_the_same_bytes_of_clicks_every_time(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write_figures(invented(some(DEMO), users=400, task=CLICK), ["clicks"], tmp_path / folder)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name


def test_a_figure_that_fails_leaves_no_half_file(tmp_path: Path) -> None:
    (tmp_path / "errors.svg").mkdir()
    (tmp_path / "errors.svg" / "x").touch()
    with pytest.raises(OSError, match=r"errors\.svg"):
        write_figures(invented(some(["melu"])), ["errors"], tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


ODD = {
    **settings("a", "[x] $y$ 100 % & <γ> \\alpha_1", "at-paml", "proposed"),
    **settings("b", "a very long name of a method, longer than any axis", "paml", "ablation"),
}
WORLDS = {
    "demo": partial(invented, some(DEMO), users=60, sample=True),
    "paper": partial(invented, METHODS, users=60, seeds=2),
    "paper on clicks": partial(invented, METHODS, users=60, seeds=3, task=CLICK, sample=True),
    "five users": partial(invented, METHODS, users=5),
    "one user": partial(invented, some(DEMO), users=1, task=CLICK),
    "minor users alone": partial(invented, METHODS, users=20, groups=("minor",)),
    "one learner": partial(invented, some(["reg-paml"]), users=20),
    "one reference": partial(invented, some(["global-mean"]), users=20, task=CLICK),
    "odd names": partial(invented, ODD, users=20),
    "odd names on clicks": partial(invented, ODD, users=20, task=CLICK, sample=True),
}


CHEAP = ("paper", "odd names on clicks")


@pytest.mark.parametrize(
    "named", [pytest.param(w, marks=() if w in CHEAP else pytest.mark.slow) for w in WORLDS]
)
def test_all_text_is_on_the_sheet_large_enough_and_clear_of_other_text(named: str) -> None:
    for name, figure in world(named).items():
        found = texts(figure)
        assert min(float(t.get_fontsize()) for t in found) >= 6.5
        assert not misplaced(figure), name


@pytest.mark.parametrize("named", CHEAP)
def test_sample_data_are_labelled_in_the_figure_itself(named: str) -> None:
    sample = WORLDS[named]().comparison.sample
    for figure in world(named).values():
        assert (SAMPLE in [t.get_text() for t in texts(figure)]) is sample


def titled(figures: Iterable[Figure]) -> set[str]:
    """The names of the paper's panels that titles begin with."""
    titles = [axes.get_title(loc="left") for figure in figures for axes in figure.axes]
    own = [title.split(":")[0] for title in titles if re.match(r"[\d, a-f]+:", title)]
    return {name for names in own for name in names.split(", ")}


def on(dataset: str, of_paper: bool) -> Results:
    results = invented(some(["melu"]), users=20)
    update = {"dataset": dataset, "of_paper": of_paper}
    return replace(results, comparison=results.comparison.model_copy(update=update))


def test_every_panel_of_the_paper_is_titled_with_its_name() -> None:
    rates = {"4a", "4b", "4c", *(f"7{letter}" for letter in "abcdef")}
    by_group = {"9a", "9b", "10a", "10b"}
    assert titled(world("paper").values()) == {"6a", "6b", *rates, "8", *by_group, "11"}
    assert titled(world("odd names on clicks").values()) >= {"3a", "3b", "3c", *by_group}
    assert titled(drawn(on("bookcrossing", True), ["errors"]).values()) == {"5a", "5b"}
    assert titled(drawn(on("own", False), ["errors", "groups"]).values()) == set()


def test_captions_name_the_papers_methods_that_were_not_run() -> None:
    for results in (on("movielens", True), on("own", False)):
        for name in ("errors", "groups"):
            frame = plots()[name].tidy(results)
            caption = plots()[name].caption(View(frame, results.comparison))
            lacking = ", ".join(method for method in plots()[name].methods if method != "melu")
            told = caption.endswith(f" Not run, so not shown: {lacking}.")
            assert told is results.comparison.of_paper


@pytest.mark.parametrize(
    "name", ["groups", pytest.param("ablations", marks=pytest.mark.slow), "clicks"]
)
def test_users_beyond_the_axis_are_counted(name: str) -> None:
    results = invented(some(DEMO), users=200, task=CLICK if name == "clicks" else RATING)
    figure = drawn(results, [name])[name]
    axes = figure.axes[1]
    error = "nel" if name == "clicks" else "mse"
    frame = plots()[name].tidy(results).drop_nulls("user")
    beyond = frame.filter(pl.col(error) > axes.get_xlim()[1]).height
    marks = [t.get_text() for t in axes.texts if isinstance(t, Annotation)]
    assert beyond > 0
    assert sum(int(mark.split()[0].replace(",", "")) for mark in marks) == beyond


def test_a_mean_beyond_the_axis_is_told() -> None:
    results = invented(some(["melu", "transfer", "meta-sgd", "reg-paml"]), users=20)
    factor = pl.when(pl.col("method") == "reg-paml").then(1e4).otherwise(1)
    results = replace(results, users=results.users.with_columns(pl.col("mse") * factor))
    figure = drawn(results, ["groups"])["groups"]
    assert [t for t in figure.axes[1].texts if t.get_text().startswith("10 ▸ mean ")]


def test_many_points_go_into_the_svg_as_an_image(tmp_path: Path) -> None:
    results = invented(some(["melu"]), users=20_000)
    for name in ("errors", "embeddings"):
        svg = tmp_path / f"{name}.svg"
        draw_figure(name, plots()[name].tidy(results), results.comparison, [svg])
        assert svg.stat().st_size < 800_000


@pytest.mark.parametrize(
    "figures", [["inner_lrs"], pytest.param(["inner_lrs", "failure"], marks=pytest.mark.slow)]
)
def test_rates_all_alike_or_below_zero_are_drawn(figures: list[str]) -> None:
    for value in (pl.lit(1e-3), pl.lit(0.0), pl.col("inner_lr") - 7e-4, pl.col("inner_lr") ** 9):
        results = invented(some(["at-paml", *FAILURE][: len(figures)]), users=20)
        results = replace(results, rates=results.rates.with_columns(inner_lr=value))
        assert list(drawn(results, figures)) == figures


@pytest.mark.parametrize("kept", ["two-bias", pytest.param("at-paml", marks=pytest.mark.slow)])
def test_figures_of_methods_that_were_stopped_are_written_without_them(
    kept: str, tmp_path: Path
) -> None:
    """A figure that has no other method says that it shows nothing."""
    left, whole = invented(some([kept]), users=20), names(RATINGS)
    stopped = [
        StoppedMethod(name=m.name, label=m.label, role=m.role, seeds=[0], reasons={"seed 0": "e"})
        for m in RATINGS.comparison.methods
        if m.name != kept
    ]
    comparison = left.comparison.model_copy(update={"stopped": stopped})
    write_figures(replace(left, comparison=comparison), whole, tmp_path)
    assert drawn_in(tmp_path) == sorted(whole)
    for name in whole:
        caption = (tmp_path / f"{name}.txt").read_text("utf-8")
        shows = not pl.read_csv(tmp_path / f"{name}.csv").is_empty()
        assert ("Nothing to show." in caption) is not shows
        assert f"Left out, as training was stopped: {stopped[0].label}, " in caption
        assert not re.search("Not run, so not shown: .*(at-paml|melu),", caption)
