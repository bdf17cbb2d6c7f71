"""The figure of the lemmas: exact formulas, and an image in docs/ that is made of them."""

import io
from pathlib import Path

import polars as pl
import pytest
from PIL import Image
from polars.testing import assert_frame_equal

from pipeline_lib.reporting.lemmas import (
    HIGHEST,
    IMAGE,
    LOWEST,
    NUMBERS,
    SHARED,
    WEIGHTS,
    at_optimum,
    curves,
    witnesses,
    write,
)
from tests.meta.test_theory import CLOSE, Two, corrected_witness, printed_witness

ROOT = Path(__file__).parents[2]
TARGETS = (1.0, 0.0)


def numbers(path: Path) -> pl.DataFrame:
    with Image.open(path) as image:
        return pl.read_csv(io.StringIO(image.text[NUMBERS]))  # type: ignore[attr-defined]


def test_formulas_give_the_optimum_that_is_found_numerically() -> None:
    for weights in WEIGHTS:
        for rate in (LOWEST, SHARED, 0.3, 0.9, HIGHEST):
            found = Two(weights, TARGETS).at_optimum((SHARED, rate))
            assert tuple(at_optimum(weights, (SHARED, rate)).values()) == pytest.approx(
                found, abs=CLOSE
            )


def test_witnesses_are_those_of_the_theory() -> None:
    for weights in WEIGHTS:
        two, found = Two(weights, TARGETS), witnesses(weights)
        assert found["corrected"] == pytest.approx(corrected_witness(two, SHARED))
        assert found["printed"] == pytest.approx(printed_witness(two, SHARED))


def test_the_image_in_docs_is_of_the_present_formulas() -> None:
    """`python -m pipeline_lib.reporting.lemmas` makes it anew."""
    assert_frame_equal(numbers(ROOT / IMAGE), curves(), abs_tol=1e-6)


def test_what_is_written_has_its_numbers_and_the_same_bytes_every_time(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        write(tmp_path / name)
    assert_frame_equal(numbers(tmp_path / "a.png"), curves(), abs_tol=1e-6)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
