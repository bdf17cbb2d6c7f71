"""Answers for new users: the workflow's own scores, and sense in odd cases."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch

from pipeline_lib.serving.recommender import Recommender, load_recommender
from pipeline_lib.serving.requests import RequestError, UserRequest
from tests.serving.conftest import METHODS
from tests.serving.small_bundle import bundle_of, cold_users, due
from tests.workflow.small_project import SmallProject

YOUNG: dict[str, str | None] = {"gender": "F", "age": "18", "occupation": "4", "zip": "12345"}


def ask(recommender: Recommender, **own: Any) -> pl.DataFrame:  # noqa: ANN401
    request = replace(UserRequest("new", YOUNG, [("1", 5.0)], ["2", "3"]), **own)
    return recommender.recommend([request])


def check_scores(
    run: SmallProject, folder: Path, methods: list[str], alone: slice, others: slice
) -> None:
    """Hold the answers for all users at once, for some alone, and for some about all items."""
    for method in methods:
        recommender = load_recommender(bundle_of(run, f"{method}/seed-0", folder / method))
        users, expected = cold_users(run), due(run, f"{method}/seed-0").sort("user", "item")

        def same(asked: list[UserRequest], answers: pl.DataFrame, due: pl.DataFrame) -> bool:
            wanted = due.filter(pl.col("user").is_in([request.user for request in asked]))
            own = answers.select(wanted.columns).join(
                wanted.select("user", "item"), ["user", "item"]
            )
            return own.sort("user", "item").equals(wanted, null_equal=True)

        one_by_one = pl.concat([recommender.recommend([user]) for user in users[alone]])
        about_all = [replace(user, candidates=None) for user in users[others]]
        assert same(users, recommender.recommend(users), expected), method
        assert same(users[alone], one_by_one, expected), method
        assert same(about_all, recommender.recommend(about_all), expected), method


def test_scores_are_the_workflows_bit_for_bit_alone_together_and_among_others(
    run: SmallProject, tmp_path: Path
) -> None:
    check_scores(
        run, tmp_path, ["two-bias", "transfer", "meta-sgd", "at-paml"], slice(1, 2), slice(3, 1, -1)
    )


@pytest.mark.slow
def test_every_methods_scores_are_the_workflows(run: SmallProject, tmp_path: Path) -> None:
    check_scores(run, tmp_path, METHODS, slice(None, None, 4), slice(None, None, -4))


def test_items_are_ranked_by_score(recommender: Recommender) -> None:
    answers = ask(recommender, candidates=None)
    assert set(answers["item"]) == {*recommender.items} - {"1"}
    assert answers["rank"].to_list() == list(range(1, len(recommender.items)))
    assert answers["score"].is_sorted(descending=True)


def test_equal_scores_keep_the_order_of_the_candidates(run: SmallProject, tmp_path: Path) -> None:
    recommender = load_recommender(bundle_of(run, "user-mean/seed-0", tmp_path / "bundle"))
    candidates = [*recommender.items[1::2], *recommender.items[2::2]]
    answers = ask(recommender, candidates=candidates)
    assert answers["item"].to_list() == candidates
    assert answers["score"].n_unique() == 1


def test_top_cuts_each_user(recommender: Recommender) -> None:
    users = [UserRequest(name, YOUNG, [("1", 5.0)]) for name in ("a", "b")]
    answers = recommender.recommend(users, top=3)
    assert answers["user"].to_list() == ["a"] * 3 + ["b"] * 3
    assert answers["rank"].to_list() == [1, 2, 3] * 2


def test_a_top_below_one_is_refused(recommender: Recommender) -> None:
    with pytest.raises(RequestError, match="top is 0; ask for at least 1"):
        recommender.recommend([UserRequest("a")], top=0)


def test_it_says_whether_adapting_helped_on_the_support_rows(recommender: Recommender) -> None:
    """By hand: the mean squared error of the scores of these very rows, with and without them."""
    support = [("1", 5.0), ("4", 1.0)]
    answer = ask(recommender, support=support).row(0, named=True)
    items = [item for item, _ in support]
    with_them = ask(recommender, support=support, candidates=items)
    without = ask(recommender, support=(), candidates=items)
    for column, answers in (("adapted", with_them), ("unadapted", without)):
        scores = dict(zip(answers["item"], answers["score"], strict=True))
        error = sum((scores[item] - target) ** 2 for item, target in support) / 2
        assert answer[f"support_loss_{column}"] == pytest.approx(error)
    helped = answer["support_loss_adapted"] < answer["support_loss_unadapted"]
    assert (answer["adaptation_helped"], answer["support_rows"]) == (helped, 2)


def test_a_user_without_support_rows_gets_the_unadapted_scores(recommender: Recommender) -> None:
    candidates = recommender.items[:20]
    answers = ask(recommender, support=(), candidates=candidates)
    assert answers["score"].null_count() == 0
    assert answers["support_rows"].to_list() == [0] * 20
    for column in ("support_loss_adapted", "support_loss_unadapted", "adaptation_helped"):
        assert answers[column].null_count() == 20
    assert not ask(recommender, candidates=candidates)["score"].equals(answers["score"])


def test_an_unknown_item_has_no_score_and_comes_last(recommender: Recommender) -> None:
    answers = ask(recommender, candidates=["nope", "2", "3"])
    assert answers["item"].to_list()[2] == "nope"
    assert answers["score"].is_null().to_list() == [False, False, True]
    assert answers["rank"].to_list() == [1, 2, None]
    assert answers["note"].to_list()[2].startswith("the item is unknown")


def test_nothing_but_unknown_items(recommender: Recommender) -> None:
    answers = ask(recommender, support=[("gone", 3.0)], candidates=["nope"])
    assert answers["score"].to_list() == [None]
    assert "1 of 1 support items are unknown" in answers["note"][0]
    assert ask(recommender, candidates=[]).is_empty()


def test_an_unknown_support_item_is_left_out_and_counted(recommender: Recommender) -> None:
    answers = ask(recommender, support=[("1", 5.0), ("gone", 1.0)])
    assert answers["score"].equals(ask(recommender)["score"])
    assert answers["support_rows"].to_list() == [1, 1]
    assert "1 of 2 support items are unknown" in answers["note"][0]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Q", "gender is not one of F, M: taken as unknown"),
        ("", "gender is blank: taken as unknown"),
        (None, "gender is blank: taken as unknown"),
    ],
)
def test_a_feature_that_makes_no_sense_counts_as_unknown(
    recommender: Recommender, value: str | None, said: str
) -> None:
    answers = ask(recommender, profile={**YOUNG, "gender": value})
    assert said in answers["note"][0]
    without = ask(recommender, profile={k: v for k, v in YOUNG.items() if k != "gender"})
    assert answers["score"].equals(without["score"])
    assert answers["score"].null_count() == 0


def test_a_value_that_training_never_met_is_named(recommender: Recommender) -> None:
    answers = ask(recommender, profile={**YOUNG, "zip": "elsewhere"})
    assert "zip 'elsewhere' was not met in training" in answers["note"][0]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"support": [("1", 9.0)]}, "user 'new' has 9 for item '1'; ratings go from 1 to 5"),
        ({"support": [("1", -math.inf)]}, "ratings go from 1 to 5"),
        ({"support": [("1", math.nan)]}, "has nan for item '1'"),
        ({"support": [("1", 5.0), ("1", 4.0)]}, "item '1' twice among the support"),
        ({"candidates": ["2", "3", "2"]}, "item '2' twice among the candidates"),
        ({"user": " "}, "a user's name is blank"),
        ({"profile": {"sex": "F"}}, "'sex', which is no column; there are age, gender"),
    ],
)
def test_what_makes_no_sense_is_refused(
    recommender: Recommender, own: dict[str, object], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        ask(recommender, **own)


def test_the_same_user_twice_is_refused(recommender: Recommender) -> None:
    with pytest.raises(RequestError, match="user 'a' is asked about twice"):
        recommender.recommend([UserRequest("a"), UserRequest("a")])


def test_nobody_asked_is_answered_with_nothing(recommender: Recommender) -> None:
    assert recommender.recommend([]).columns == ask(recommender).columns


def test_loading_and_asking_leave_torch_as_it_was(bundle: Path) -> None:
    before = torch.get_num_threads(), torch.get_deterministic_debug_mode(), torch.get_rng_state()
    ask(load_recommender(bundle))
    after = torch.get_num_threads(), torch.get_deterministic_debug_mode(), torch.get_rng_state()
    assert before[:2] == after[:2]
    assert torch.equal(before[2], after[2])
