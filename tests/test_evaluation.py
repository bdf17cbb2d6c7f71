"""From predictions to users' metrics and their averages, worked by hand."""

import math

import polars as pl
import pytest

from pipeline_lib.evaluation import METRICS, Evaluation, evaluate, summarise, user_metrics
from pipeline_lib.partition.record import SplitRecord
from pipeline_lib.training.record import TrainingRecord

# Errors: user 1: 0.5, 0.5; user 2: 2; user 3: 0, 1, 2.
PREDICTIONS = pl.DataFrame(
    [
        (3, "major", 2.0, 2.0),
        (1, "major", 2.0, 2.5),
        (3, "major", 1.0, 2.0),
        (2, "minor", 4.0, 2.0),
        (1, "major", 1.0, 1.5),
        (3, "major", 0.0, 2.0),
    ],
    schema=["user", "group", "target", "score"],
    orient="row",
)


def test_user_metrics_by_hand() -> None:
    users = user_metrics(PREDICTIONS)
    assert users["user"].to_list() == [1, 2, 3]
    assert users["group"].to_list() == ["major", "minor", "major"]
    assert users["mse"].to_list() == pytest.approx([0.25, 4, 5 / 3])
    # User 3 is scored alike: the mean gain (3 + 1 + 0) / 3 at every rank.
    at_three = 4 / 3 * (1 + 1 / math.log2(3) + 0.5) / (3 + 1 / math.log2(3))
    for k in (3, 5):
        assert users[f"ndcg_{k}"].to_list() == pytest.approx([1, None, at_three])


def test_summary_averages_users_not_rows() -> None:
    users = user_metrics(PREDICTIONS)
    values = summarise(users)
    assert tuple(values) == METRICS
    assert values["mse"] == pytest.approx((0.25 + 4 + 5 / 3) / 3)
    assert values["mse_major"] == pytest.approx((0.25 + 5 / 3) / 2)
    assert values["mse_minor"] == 4
    assert values["ndcg_3"] == pytest.approx((1 + users["ndcg_3"][2]) / 2)


def test_a_group_without_users_is_left_out() -> None:
    majors = user_metrics(PREDICTIONS.filter(pl.col("group") == "major"))
    assert list(summarise(majors)) == ["mse", "ndcg_3", "ndcg_5", "mse_major"]


def test_a_ranking_without_users_is_left_out() -> None:
    single = user_metrics(PREDICTIONS.filter(pl.col("user") == 2))
    assert summarise(single) == {"mse": 4, "mse_minor": 4}


TRAINING = TrainingRecord(
    dataset="movielens",
    method="melu",
    seed=7,
    settings={},
    task={},
    network=None,
    device="cpu",
    threads=1,
    code="",
    environment={},
    split_sha256="f00d",
    parameters=0,
    best_epoch=None,
    validation_loss=1.0,
    seconds=0.0,
)
SPLIT = SplitRecord(
    sha256="f00d",
    seed=0,
    users=3,
    interactions=6,
    users_by_fold={},
    users_by_group={},
    common_value_share={},
)


def test_a_method_trained_on_another_split_is_refused() -> None:
    other = SPLIT.model_copy(update={"sha256": "beef"})
    with pytest.raises(ValueError, match="melu was trained on split f00d, but the split is beef"):
        evaluate(PREDICTIONS, TRAINING, other)


def test_evaluation_counts_the_ranked_users() -> None:
    users, record = evaluate(PREDICTIONS, TRAINING, SPLIT)
    assert users.equals(user_metrics(PREDICTIONS))
    assert record == Evaluation(
        method="melu",
        seed=7,
        split_sha256="f00d",
        users=3,
        ranked_users=2,
        metrics=summarise(users),
    )
