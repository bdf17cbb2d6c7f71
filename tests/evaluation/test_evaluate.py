"""A trained method on the test users: what is refused, counted and recorded."""

import subprocess
import sys
from datetime import UTC, datetime

import polars as pl
import pytest

from pipeline_lib.evaluation.evaluate import Evaluation, evaluate
from pipeline_lib.metrics.users import one_score_metrics, summarise, user_metrics
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.training.record import TrainingRecord
from tests.metrics.test_users import CLICK, CLICKS, PREDICTIONS, RATING, summary

# The same rows as of items that are named by their place in the frame.
ITEMS = pl.int_range(pl.len()).cast(pl.String).alias("item")
NO_RATE = pl.lit(None, pl.Float64).alias("inner_lr")
RATED, CLICKED = (rows.with_columns(ITEMS, NO_RATE) for rows in (PREDICTIONS, CLICKS))

TRAINING = TrainingRecord(
    experiment="sample/movielens",
    started=datetime(2021, 2, 3, tzinfo=UTC),
    dataset="movielens",
    method="melu",
    seed=7,
    settings={},
    task=RATING,
    network=None,
    device="cpu",
    threads=1,
    processes=1,
    code="",
    environment={},
    split_sha256="f00d",
    parameters=0,
    best_epoch=None,
    validation_loss=1.0,
    seconds=0.0,
    hardware="Fast CPU",
    peak_bytes=500_000_000,
)
SPLIT = SplitSummary(
    sha256="f00d",
    seed=0,
    clean_users=3,
    users_dropped={},
    users=3,
    items=6,
    interactions=6,
    users_by_fold={},
    users_by_group={},
    common_value_share={},
)


def test_a_method_trained_on_another_split_is_refused() -> None:
    other = SPLIT.model_copy(update={"sha256": "beef"})
    with pytest.raises(ValueError, match="melu was trained on split f00d, but the split is beef"):
        evaluate(RATED, RATED, TRAINING, other)


def test_evaluation_counts_users() -> None:
    """User 2 has one row; user 3 has three rows, of one score; user 1 has two."""
    users, record = evaluate(RATED, RATED, TRAINING, SPLIT)
    assert users.equals(user_metrics(PREDICTIONS, RATING))
    assert record == Evaluation(
        method="melu",
        seed=7,
        task=RATING,
        split_sha256="f00d",
        users=3,
        ranked_users=2,
        short_users={"ndcg_3": 1, "ndcg_5": 2, "ndcg_3_linear": 1, "ndcg_5_linear": 2},
        constant_users=1,
        counted=summarise(users, RATING)[0],
        metrics=summary(PREDICTIONS, RATING),
        one_score=one_score_metrics(PREDICTIONS, RATING),
        rates={},
    )


def test_rates_are_of_users_not_of_rows() -> None:
    """Users 1 and 3 are major, of two and three rows."""
    rate = pl.col("user").replace_strict({1: 1e-3, 2: 4e-3, 3: 2e-3}, return_dtype=pl.Float64)
    _, record = evaluate(RATED.with_columns(inner_lr=rate), RATED, TRAINING, SPLIT)
    major, minor = record.rates["major"], record.rates["minor"]
    assert (major.users, major.mean) == (2, 1.5e-3)
    assert major.sd == pytest.approx(1e-3 / 2**0.5)
    assert (minor.users, minor.mean, minor.sd) == (1, 4e-3, None)


def test_the_training_record_says_which_task_is_judged() -> None:
    training = TRAINING.model_copy(update={"task": CLICK})
    users, record = evaluate(CLICKED, CLICKED, training, SPLIT)
    assert users.equals(user_metrics(CLICKS, CLICK))
    assert (record.task, record.users, record.ranked_users) == (CLICK, 3, None)
    assert (record.short_users, record.constant_users) == ({}, 1)
    assert record.metrics == summary(CLICKS, CLICK)
    assert Evaluation.model_validate_json(record.model_dump_json()) == record


def test_chosen_metrics_are_recorded_with_what_chance_has() -> None:
    """User 1 alone can be ranked, by two rows; one score gives the first rank to either."""
    training, chosen = TRAINING.model_copy(update={"task": CLICK}), ["hit_1", "hit_3", "nel"]
    users, record = evaluate(CLICKED, CLICKED, training, SPLIT, chosen)
    assert users.equals(user_metrics(CLICKS, CLICK, chosen))
    assert record.chosen_metrics == chosen
    assert (record.ranked_users, record.short_users) == (1, {"hit_1": 0, "hit_3": 1})
    assert (record.counted["hit_1"], record.one_score["hit_1"]) == (1, 0.5)
    plain = evaluate(CLICKED, CLICKED, training, SPLIT)[1]
    assert plain.metrics == {k: x for k, x in record.metrics.items() if k in plain.metrics}
    assert "chosen_metrics" not in plain.model_dump()


def test_a_job_of_ratings_loads_neither_torch_nor_scikit_learn() -> None:
    code = (
        "import sys, pipeline_lib.evaluation.evaluate; print({'torch', 'sklearn'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
