"""A search's candidates: different, within the space, the same for the same seed."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import load_settings
from pipeline_lib.settings.search import Search, draw, split_values

CONFIG = Path(__file__).parents[2] / "config"
RUN: dict[str, Any] = {
    "name": "sample-search",
    "datasets": ["movielens"],
    "methods": ["two-bias", "melu", "paml"],
    "seeds": [0],
    "split_seed": 0,
    "logs": "sample",
    "network": {"embedding_size": 4, "embedding_std": 0.1, "hidden": [4]},
}
spaces = st.dictionaries(
    st.sampled_from("abcd"), st.lists(st.integers(), min_size=1, max_size=4, unique=True)
)


@given(space=spaces, count=st.integers(1, 30), seed=st.integers(0, 9))
def test_candidates_differ_and_are_of_the_space(
    space: dict[str, list[int]], count: int, seed: int
) -> None:
    first, *others = draw(space, count, seed)
    assert first == {}
    assert len(others) == min(count - 1, math.prod(map(len, space.values())))
    assert len({tuple(sorted(values.items())) for values in others}) == len(others)
    assert all(v in space[k] for values in others for k, v in values.items())
    assert all(values.keys() == space.keys() for values in others)
    assert draw(space, count, seed) == [first, *others]


def test_a_larger_budget_begins_with_the_smaller_one() -> None:
    space = {"a": range(9), "b": range(9)}
    assert draw(space, 20, 0)[:7] == draw(space, 7, 0)
    assert draw(space, 20, 1) != draw(space, 20, 0)


def test_every_combination_comes_where_there_are_few() -> None:
    found = draw({"a": [1, 2], "b": ["x", "y"]}, 100, 0)[1:]
    assert sorted((v["a"], v["b"]) for v in found) == [(1, "x"), (1, "y"), (2, "x"), (2, "y")]


def test_values_of_the_network_are_told_apart() -> None:
    assert split_values({"a": 1, "network.head": "levels"}) == ({"a": 1}, {"head": "levels"})


def test_methods_have_one_budget_and_draws_of_their_own() -> None:
    rates = {"outer_lr": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]}
    search = Search(candidates=5, space={"melu": rates, "paml": rates}, like={"x": "paml"})
    melu, paml = (search.values(method, 0) for method in ("melu", "paml"))
    assert len(melu) == len(paml) == 5
    assert melu != paml
    assert [search.leader(m) for m in ("melu", "x", "y")] == ["melu", "paml", None]


def load(search: dict[str, Any], **changes: Any) -> list[str]:  # noqa: ANN401 - of any key
    settings = load_settings({**RUN, "search": {"candidates": 4, **search}, **changes}, CONFIG)
    return settings.taken("movielens", "paml")


def test_a_method_takes_its_own_choice_whole() -> None:
    space = {"outer_lr": [0.1], "lr_max": [0.5], "network.head": ["levels"]}
    assert load({"space": {"paml": space}}) == [*space]
    assert load({"space": {"melu": {"inner_lr": [0.1]}}}) == []


def test_a_method_that_the_run_leaves_out_is_passed_over() -> None:
    """So that a run of some methods needs no search of its own."""
    space = {"outer_lr": [0.1]}
    search = {"space": {"anil": space, "paml": space}, "like": {"shared-paml": "paml"}}
    assert load(search) == ["outer_lr"]


def test_a_follower_takes_what_its_file_leaves_alike() -> None:
    space = {"outer_lr": [0.1], "inner_lr": [0.2], "epochs": [3], "network.embedding_size": [8]}
    taken = load(
        {"space": {"melu": space}, "like": {"paml": "melu"}},
        override={"melu": {"epochs": 7, "outer_lr": 0.5}, "paml": {"epochs": 9, "outer_lr": 0.5}},
    )
    assert taken == ["outer_lr", "network.embedding_size"]


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"space": {"malu": {"inner_lr": [0.1]}}}, "unknown method 'malu'; did you mean 'melu'?"),
        ({"space": {"melu": {"inner_rl": [0.1]}}}, "did you mean 'inner_lr'?"),
        ({"space": {"melu": {"inner_lr": [-1]}}}, "inner_lr: must be greater than 0"),
        ({"space": {"melu": {"network.head": ["round"]}}}, "head: must be 'value' or 'levels'"),
        ({"space": {"melu": {"inner_lr": []}}}, "hold at least 1 value"),
        ({"space": {"melu": {}}, "like": {"paml": "two-bias"}}, "space has no two-bias"),
        ({"space": {"anil": {}}, "like": {"paml": "anil"}}, "add anil to methods"),
    ],
)
def test_a_wrong_candidate_stops_the_run_before_any_job(search: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=r"run config: search") as caught:
        load(search)
    assert said in str(caught.value)
