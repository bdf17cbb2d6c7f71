"""Panels with a row for each method: where axes end, labels and densities."""

import numpy as np
import pytest

from pipeline_lib.reporting.drawing.canvas import short
from pipeline_lib.reporting.drawing.rows import axis_end
from pipeline_lib.reporting.drawing.violins import CELLS, density


def test_axis_shows_all_where_nothing_is_far() -> None:
    assert axis_end([np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.5])]) == 2


def test_axis_ends_before_a_few_large_errors() -> None:
    errors = np.concatenate([np.linspace(0, 2, 99), [500]])
    assert 2 <= axis_end([errors]) < 6


def test_one_method_gone_astray_does_not_press_the_others() -> None:
    sound = np.linspace(0, 1, 50)
    assert axis_end([sound, sound, sound * 1e4]) == 3


def test_errors_of_zero_have_an_axis() -> None:
    assert axis_end([np.zeros(3)]) == 1


def test_short_labels_stay_and_long_ones_break() -> None:
    assert short("REG-PAML, γ = 1e-5") == "REG-PAML, γ = 1e-5"
    lines = short("a very long label of a method, which goes on and on and on").split("\n")
    assert len(lines) == 2
    assert lines[1].endswith("…")


def test_density_holds_the_share_of_users_within_the_axis() -> None:
    values = np.random.default_rng(0).exponential(1, 5000)
    curve = density(values, 2.0)
    assert curve.sum() * 2.0 / CELLS == pytest.approx((values <= 2).mean())
    assert curve[10:300] == pytest.approx(np.exp(-np.arange(10.5, 300) / 200), rel=0.15)


def test_density_of_users_all_alike_or_all_beyond() -> None:
    assert density(np.array([0.5, 0.5]), 1.0).sum() / CELLS == pytest.approx(1)
    assert density(np.array([5.0]), 1.0).sum() == 0
