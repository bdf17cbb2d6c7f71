"""From predictions to users' metrics and their averages, worked by hand."""

import math

import polars as pl
import pytest

from pipeline_lib.metrics.registry import metrics_of
from pipeline_lib.metrics.users import (
    one_score_metrics,
    summarise,
    user_errors,
    user_metrics,
    users_schema,
)
from pipeline_lib.settings.task import ClickTask, RatingTask, Task

RATING, CLICK = RatingTask(scale=(1, 5)), ClickTask(clicked_weight=0.8, other_weight=0.2)

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
# Of the clicks, one is above both other rows, one is tied with one and above the other.
CLICKS = pl.DataFrame(
    [
        (3, "minor", 1.0, 0.75),
        (1, "major", 0.0, 0.5),
        (2, "major", 0.0, 0.25),
        (1, "major", 1.0, 0.5),
    ],
    schema=["user", "group", "target", "score"],
    orient="row",
)


CLICK_COLUMNS = ("nel", "auc", "auc_user", "minus_p_true", "auc_group")


def summary(rows: pl.DataFrame, task: Task) -> dict[str, float]:
    return summarise(user_metrics(rows, task), task)[1]


def test_user_metrics_by_hand() -> None:
    users = user_metrics(PREDICTIONS, RATING)
    assert users["user"].to_list() == [1, 2, 3]
    assert users["group"].to_list() == ["major", "minor", "major"]
    assert users["mse"].to_list() == pytest.approx([0.25, 4, 5 / 3])
    # User 3 is scored alike: the mean gain (3 + 1 + 0) / 3 at every rank.
    at_three = 4 / 3 * (1 + 1 / math.log2(3) + 0.5) / (3 + 1 / math.log2(3))
    for k in (3, 5):
        assert users[f"ndcg_{k}"].to_list() == pytest.approx([1, None, at_three])


@pytest.mark.parametrize(("rows", "task"), [(PREDICTIONS, RATING), (CLICKS, CLICK)])
def test_last_bits_depend_on_no_thread(
    rows: pl.DataFrame, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`group_by` adds up parts of a group in the order in which threads end: once in 400 times."""
    expected = user_metrics(rows, task)
    monkeypatch.delattr(pl.DataFrame, "group_by")
    assert user_metrics(rows, task).equals(expected)
    assert user_metrics(rows.filter(user=1), task)[:, 2].equals(expected.filter(user=1)[:, 2])


def test_summary_averages_users_not_rows() -> None:
    users = user_metrics(PREDICTIONS, RATING)
    counted, values = summarise(users, RATING)
    ranked = dict.fromkeys(("ndcg_3", "ndcg_5", "ndcg_3_linear", "ndcg_5_linear"), 2)
    assert counted == {"mse": 3, **ranked, "mse_major": 2, "mse_minor": 1}
    assert tuple(values) == tuple(metrics_of("rating"))
    assert values["mse"] == pytest.approx((0.25 + 4 + 5 / 3) / 3)
    assert values["mse_major"] == pytest.approx((0.25 + 5 / 3) / 2)
    assert values["mse_minor"] == 4
    assert values["ndcg_3"] == pytest.approx((1 + users["ndcg_3"][2]) / 2)


def test_a_group_without_users_is_left_out() -> None:
    assert list(summary(PREDICTIONS.filter(group="major"), RATING)) == [
        *("mse", "ndcg_3", "ndcg_5", "ndcg_3_linear", "ndcg_5_linear", "mse_major"),
    ]


def test_a_ranking_without_users_is_left_out() -> None:
    assert summary(PREDICTIONS.filter(user=2), RATING) == {"mse": 4, "mse_minor": 4}


def test_users_clicks_by_hand() -> None:
    """Each row costs its weight, 0.8 or 0.2, times -ln of what was given to what happened."""
    users = user_metrics(CLICKS, CLICK)
    assert users.columns == ["user", "group", *CLICK_COLUMNS]
    assert users["user"].to_list() == [1, 2, 3]
    expected = [(0.8 + 0.2) / 2 * math.log(2), -0.2 * math.log(0.75), -0.8 * math.log(0.75)]
    assert users["nel"].to_list() == pytest.approx(expected)
    assert users["auc_user"].to_list() == [0.5, None, None]


def test_summary_of_clicks_averages_losses_over_users_and_pools_rows_for_auc() -> None:
    first, second, third = user_metrics(CLICKS, CLICK)["nel"]
    values = summary(CLICKS, CLICK)
    assert values == pytest.approx(
        {
            "nel": (first + second + third) / 3,
            "auc": 3.5 / 4,
            "auc_user": 0.5,
            "minus_p_true": -(0.5 + 0.75 + 0.75) / 3,
            "nel_major": (first + second) / 2,
            "nel_minor": third,
            "auc_major": 1.5 / 2,
        }
    )
    assert list(values) == [metric for metric in metrics_of("click") if metric != "auc_minor"]


def test_all_metrics_of_clicks_where_both_groups_have_both_classes() -> None:
    other = pl.DataFrame([(3, "minor", 0.0, 0.9)], CLICKS.schema, orient="row")
    values = summary(pl.concat([CLICKS, other]), CLICK)
    assert tuple(values) == tuple(metrics_of("click"))
    assert values["auc_minor"] == 0


def test_an_auc_without_clicks_is_left_out() -> None:
    assert list(summary(CLICKS.filter(target=0), CLICK)) == [
        *("nel", "minus_p_true", "nel_major"),
    ]


@pytest.mark.parametrize(("rows", "task"), [(PREDICTIONS, RATING), (CLICKS, CLICK)])
def test_users_metrics_fit_the_schema_of_their_task(rows: pl.DataFrame, task: Task) -> None:
    users = user_metrics(rows, task).with_columns(pl.col("user").cast(pl.String))
    users_schema(task).validate(users)


CHOSEN: list[tuple[pl.DataFrame, Task, list[str]]] = [
    (PREDICTIONS, RATING, ["mae", "rmse", "ndcg_10"]),
    (CLICKS, CLICK, ["mrr", "recall_1", "hit_2", "ndcg_10", "calibration"]),
]


@pytest.mark.parametrize(("rows", "task", "chosen"), CHOSEN)
def test_chosen_metrics_are_further_columns_and_change_no_other(
    rows: pl.DataFrame, task: Task, chosen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    users = user_metrics(rows, task, chosen)
    assert users.drop(chosen).equals(user_metrics(rows, task))
    assert users.columns[-len(chosen) :] == chosen
    users_schema(task, chosen).validate(users.with_columns(pl.col("user").cast(pl.String)))
    assert {*summarise(users, task)[0]} == {*summary(rows, task), *chosen}
    monkeypatch.delattr(pl.DataFrame, "group_by")
    assert user_metrics(rows, task, chosen).equals(users)


def test_chosen_metrics_by_hand() -> None:
    """User 1 alone can be ranked by clicks: a click and another row, of one score.

    Scores 0.75, 0.5 and 0.25 stand for 3 / 7, 1 / 5 and 1 / 13: clicks weigh four times as much.
    """
    ratings = user_metrics(PREDICTIONS, RATING, ["mae", "rmse"])
    assert ratings["mae"].to_list() == pytest.approx([0.5, 2, 1])
    assert ratings["rmse"].to_list() == pytest.approx([0.5, 2, (5 / 3) ** 0.5])
    users = user_metrics(CLICKS, CLICK, ["mrr", "recall_1", "hit_2", "calibration"])
    assert users["mrr"].to_list() == [0.75, None, None]
    assert users["recall_1"].to_list() == [0.5, None, None]
    assert users["hit_2"].to_list() == [1, None, None]
    apart = abs(3 / 7 - 1), abs(2 / 5 - 1), 1 / 13
    assert users["calibration"].mean() == pytest.approx(sum(apart) / 4)


def test_one_score_ranks_by_chance() -> None:
    """User 1 has ratings 2 and 1, user 3 has 2, 1 and 0, user 2 has 4: on average 6.5 / 3."""
    found = one_score_metrics(PREDICTIONS, RATING)
    second = 1 / math.log2(3)
    one = 2 * (1 + second) / (3 + second), 1.5 * (1 + second) / (2 + second)
    three = 4 / 3 * (1.5 + second) / (3 + second), (1.5 + second) / (2 + second)
    assert found["ndcg_3"] == pytest.approx((one[0] + three[0]) / 2)
    assert found["ndcg_3_linear"] == pytest.approx((one[1] + three[1]) / 2)
    assert found["mse_minor"] == pytest.approx((4 - 6.5 / 3) ** 2)


def test_one_score_for_clicks_is_their_weighted_share() -> None:
    """Each user a whole: clicks weigh 1.5 · 0.8, other rows 1.5 · 0.2, so 0.8 has the least NEL."""
    found = one_score_metrics(CLICKS, CLICK)
    assert (found["auc"], found["auc_user"]) == (0.5, 0.5)
    assert found["minus_p_true"] == pytest.approx(-(0.5 + 0.2 + 0.8) / 3)
    assert found["nel_minor"] == pytest.approx(-0.8 * math.log(0.8))


def test_errors_by_user_and_support_rows() -> None:
    rows = pl.concat(
        [
            PREDICTIONS.with_columns(support_rows=pl.lit(2), score=pl.col("target") + 3),
            PREDICTIONS.with_columns(support_rows=pl.lit(None, pl.Int32)),
        ]
    )
    errors = user_errors(rows, RATING, ["user", "support_rows"])
    assert errors["support_rows"].to_list() == [None, 2] * 3
    assert errors["mse"].to_list() == pytest.approx([0.25, 9, 4, 9, 5 / 3, 9])
