"""Users' features as codes and weights, one slot or several, worked by hand."""

from collections.abc import Sequence

import polars as pl
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.encode.users import encode_users
from pipeline_lib.data.encode.vocabulary import Scale, Side

SIDE: Side = {"sex": ["F", "M"], "likes": ["art", "pop", "rock"], "age": Scale(mean=40, sd=10)}
SCHEMA = pl.Schema({"sex": pl.String(), "likes": pl.List(pl.String), "age": pl.Float64()})


def encode(rows: Sequence[tuple[str | None, list[str], float | None]]) -> list[list[list[float]]]:
    codes, weights = encode_users(pl.DataFrame(rows, SCHEMA, orient="row"), SIDE)
    assert (codes.dtype, weights.dtype) == (torch.int64, torch.float32)
    return [codes.tolist(), weights.tolist()]


def test_a_user_with_one_value_of_each_feature_has_one_slot() -> None:
    rows = [("M", ["rock"], 50.0), (None, ["jazz"], None)]
    assert encode(rows) == [[[2, 5, 6], [0, 0, 0]], [[1, 1, 1], [1, 0, 0]]]


def test_each_of_several_known_values_has_a_slot_and_a_share() -> None:
    rows = [("F", ["pop", "jazz", "art"], 30.0), ("X", [], 40.0), ("M", ["rock"], None)]
    codes, weights = encode(rows)
    assert codes == [[1, 4, 6, 0, 3, 0], [0, 0, 6, 0, 0, 0], [2, 5, 0, 0, 0, 0]]
    assert weights == [[1, 0.5, -1, 0, 0.5, 0], [1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0]]


def test_nobody_has_one_empty_slot() -> None:
    assert encode([]) == [[], []]
    assert encode_users(pl.DataFrame(schema=SCHEMA), SIDE)[0].shape == (0, 3)


@given(st.lists(st.lists(st.sampled_from([*"abcde"]), unique=True, max_size=4), min_size=1))
def test_the_weights_of_a_users_known_values_are_equal_and_make_one(rows: list[list[str]]) -> None:
    users = pl.DataFrame({"likes": rows}, {"likes": pl.List(pl.String)})
    codes, weights = encode_users(users, {"likes": ["a", "b", "c"]})
    for row, code, weight in zip(rows, codes.tolist(), weights.tolist(), strict=True):
        due = {"abc".index(value) + 1 for value in row if value in "abc"}
        assert {c for c in code if c} == due
        assert weight == [torch.tensor(1 / len(due)).item() if c else 0 for c in code]
