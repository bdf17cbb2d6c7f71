"""The figure of methods that differ in one number alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline_lib.evaluation.comparison import Statistic
from pipeline_lib.reporting.drawing.plot import figures_for, plots
from pipeline_lib.reporting.drawing.view import Results, View
from pipeline_lib.reporting.drawing.write import write_figures
from pipeline_lib.settings.load import Settings, load_settings
from tests.reporting.drawing.worlds import invented
from tests.settings.run import RUN

GAMMAS = [1e-4, 1e-3, 1e-2]


@pytest.fixture(scope="module")
def swept(config: Path) -> Settings:
    return load_settings({**RUN, "sweep": {"reg-paml": {"gamma": GAMMAS}}}, config)


@pytest.fixture(scope="module")
def results(swept: Settings) -> Results:
    own = {name: method.for_training() for name, method in swept.methods.items()}
    invented_ones = invented(swept.methods, seeds=2)
    methods = [
        method.model_copy(update={"metrics": {"mse": statistic(1.0 + place)}})
        for place, method in enumerate(invented_ones.comparison.methods)
    ]
    comparison = invented_ones.comparison.model_copy(update={"methods": methods})
    return replace(invented_ones, comparison=comparison, settings=own)


def statistic(mean: float) -> Statistic:
    return Statistic(values=[mean], mean=mean, sd=None, users=40, low=mean - 0.1, high=mean + 0.1)


def test_it_is_drawn_of_three_values_or_more(swept: Settings) -> None:
    assert figures_for("rating", swept.methods)[-1] == "sweeps"
    two = {name: own for name, own in swept.methods.items() if not name.endswith("0.01")}
    assert "sweeps" not in figures_for("rating", two)


def test_its_frame_has_each_value_with_the_methods_mean(results: Results) -> None:
    frame = plots()["sweeps"].tidy(results)
    errors = frame.filter(metric="mse")
    assert errors["value"].to_list() == GAMMAS
    assert errors["method"].to_list() == [f"reg-paml-gamma-{value:g}" for value in GAMMAS]
    means = {m.name: m.metrics["mse"].mean for m in results.comparison.methods}
    assert errors["mean"].to_list() == [means[name] for name in errors["method"]]
    assert frame["setting"].unique().to_list() == ["gamma"]


def test_it_is_drawn(results: Results, tmp_path: Path) -> None:
    write_figures(results, ["sweeps"], tmp_path)
    plot = plots()["sweeps"]
    view = View(plot.tidy(results), results.comparison)
    plot.draw(view)
    panels = view.figure.axes
    assert {axes.get_xlabel() for axes in panels[:1]} == {"gamma"}
    assert panels[0].get_xscale() == "log"
    assert np.asarray(panels[0].lines[0].get_xdata()).tolist() == GAMMAS
    assert "lower is better" in panels[0].get_ylabel()


def test_where_a_dataset_changes_the_methods_apart_it_is_empty(
    results: Results, tmp_path: Path
) -> None:
    """Then they differ in more than one number there."""
    apart = {name: {**own, "name": name} for name, own in results.settings.items()}
    write_figures(replace(results, settings=apart), ["sweeps"], tmp_path)
    assert (tmp_path / "sweeps.png").is_file()
