"""Colours: safe for the colour-blind, and the same for a method in all figures."""

import numpy as np
import pytest

from pipeline_lib.reporting.drawing.style import (
    FACES,
    HATCHES,
    KINDS,
    MARKERS,
    OTHER_COLOURS,
    OTHER_MARKERS,
    looks,
)
from pipeline_lib.settings.methods.base import known_kinds
from tests.reporting.drawing.vision import VISIONS, lab, nearest
from tests.reporting.drawing.worlds import DEMO, METHODS, compared, settings, some

PLAIN = 15  # CIELAB units; 2.3 can just be told apart side by side


def test_no_two_kinds_share_a_colour_or_a_marker() -> None:
    assert set(KINDS) <= set(known_kinds())  # the others share OTHER_COLOURS
    colours, markers = zip(*KINDS.values(), strict=True)
    for marks in ((*colours, *OTHER_COLOURS), (*markers, *OTHER_MARKERS)):
        assert len(set(marks)) == len(marks)


@pytest.mark.parametrize("vision", VISIONS)
def test_kinds_are_told_apart_without_red_or_green_cones(vision: str) -> None:
    colours = [colour for colour, _ in KINDS.values()]
    assert nearest(colours, vision) > PLAIN


@pytest.mark.parametrize("vision", VISIONS)
def test_groups_differ_in_lightness_alone(vision: str) -> None:
    dark, light = lab([FACES["major"], FACES["minor"]], vision)[:, 0]
    assert light - dark > 40
    assert len(set(HATCHES.values())) == len(set(MARKERS.values())) == 2


def test_colours_show_on_white() -> None:
    assert lab([colour for colour, _ in KINDS.values()])[:, 0].max() < 80


def test_all_methods_of_the_paper_look_different() -> None:
    found = looks(compared(METHODS, ["major"]).methods)
    assert list(found) != []
    assert len({(look.colour, look.marker, str(look.line)) for look in found.values()}) == 15
    variants = [found[name] for name in METHODS if METHODS[name].kind == "reg-paml"]
    assert len({look.colour for look in variants}) == len({str(v.line) for v in variants}) == 4


def test_a_kinds_own_colour_is_that_of_the_method_which_is_no_ablation() -> None:
    found = looks(compared(METHODS, ["major"]).methods)
    assert found["reg-paml"].colour == KINDS["reg-paml"][0]
    assert found["reg-paml"].line == "-"
    assert found["paml"].colour == KINDS["paml"][0]


def test_a_method_looks_the_same_whatever_else_is_compared() -> None:
    few, all_ = (looks(compared(m, ["major"]).methods) for m in (some(DEMO), METHODS))
    assert all(all_[name] == look for name, look in few.items())


def test_kinds_unknown_here_get_colours_too() -> None:
    methods = {f"m{n}": settings("x", "x", f"kind-{n}", "proposed")["x"] for n in range(7)}
    found = looks(compared(methods, ["major"]).methods)
    assert len({look.colour for look in found.values()}) == 7
    assert len({look.marker for look in found.values()}) == 7
    assert len({str(look.line) for look in found.values()}) == 3


def test_tints_show_on_white() -> None:
    tints = {look.colour for look in looks(compared(METHODS, ["major"]).methods).values()}
    white = lab(["#ffffff"])
    assert np.linalg.norm(lab(sorted(tints)) - white, axis=1).min() > PLAIN
