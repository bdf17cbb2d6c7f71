"""Requests and answers in the units of the log."""

from dataclasses import replace

import polars as pl
import pytest

from pipeline_lib.serving.recommender import Recommender
from pipeline_lib.serving.requests import RequestError, UserRequest
from pipeline_lib.serving.units import Units
from pipeline_lib.settings.columns import Target

CANDIDATES = ["2", "3", "4"]


def ask(recommender: Recommender, rating: float) -> pl.DataFrame:
    return recommender.recommend([UserRequest("u", {}, [("1", rating)], CANDIDATES)])


def test_ratings_that_were_divided_are_given_and_answered_undivided(
    recommender: Recommender,
) -> None:
    doubled = replace(recommender, units=Units(recommender.training.task, Target(divide=2)))
    plain, scores = ask(recommender, 4), ask(doubled, 8)
    assert scores["item"].equals(plain["item"])
    assert scores["score"].to_list() == (2 * plain["score"]).to_list()
    assert scores["support_loss_adapted"].equals(plain["support_loss_adapted"])
    with pytest.raises(RequestError, match="has 11 for item '1'; ratings go from 2 to 10"):
        ask(doubled, 11)


def test_logarithms_are_undone(recommender: Recommender) -> None:
    log = replace(recommender, units=Units(recommender.training.task, Target(transform="log1p")))
    plain, scores = ask(recommender, 3), ask(log, 2.718281828459045**3 - 1)
    undone = plain["score"].exp() - 1
    assert scores["score"].to_list() == pytest.approx(undone.to_list())
