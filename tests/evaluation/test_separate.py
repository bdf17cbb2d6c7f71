"""How well groups are told by embeddings: planted ones, none, and few users."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline_lib.evaluation.separate import group_auc, separate
from pipeline_lib.schemas.results import SEPARATION
from pipeline_lib.storage.tables import write_table
from tests.evaluation.test_project import predictor


def planted(apart: float, users: int = 200) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Draw embeddings whose first component is so many deviations apart between the groups."""
    draw = np.random.default_rng(0)
    is_major = np.arange(users) % 3 > 0
    embeddings = draw.normal(size=(users, 6))
    embeddings[:, 0] += apart * is_major
    return embeddings, is_major


def test_the_further_apart_the_better_told() -> None:
    """At d deviations the best area is Φ(d / √2): 0.92 at 2, one half at 0."""
    areas = [group_auc(*planted(apart)) for apart in (0, 2, 20)]
    assert areas[0] == pytest.approx(0.5, abs=0.12)
    assert areas[1] == pytest.approx(0.92, abs=0.05)
    assert areas[2] == 1


def test_who_is_judged_has_not_been_seen() -> None:
    """With more columns than users any groups could be learned by heart."""
    draw = np.random.default_rng(1)
    found = group_auc(draw.normal(size=(40, 100)), np.arange(40) % 2 == 0)
    assert found == pytest.approx(0.5, abs=0.25)


def test_scale_and_constant_columns_do_not_matter() -> None:
    embeddings, is_major = planted(2)
    wide = np.pad(1e4 * embeddings, ((0, 0), (0, 2)), constant_values=3)
    assert group_auc(wide, is_major) == pytest.approx(group_auc(embeddings, is_major), abs=1e-6)


def test_a_group_of_one_user_cannot_be_told() -> None:
    embeddings, _ = planted(2, users=8)
    for major in (0, 1, 7, 8):
        assert group_auc(embeddings, np.arange(8) < major) is None
    assert group_auc(embeddings, np.arange(8) < 2) is not None


def test_a_method_has_one_row(tmp_path: Path) -> None:
    trained = predictor("paml", 40)
    row = separate(trained, predictor("paml", 40), 0)
    write_table(row, SEPARATION, tmp_path / "separation.parquet")
    assert row["auc"].item() == row["untrained_auc"].item()
    assert row.select("method", "users").row(0) == ("own-paml", 40)
    assert separate(trained, trained, 0).equals(row)


def test_a_method_without_embeddings_is_refused() -> None:
    bias = predictor("two-bias", 9)
    with pytest.raises(TypeError, match="TwoBias has no embeddings"):
        separate(bias, bias, 0)
