"""The closed-form baselines, worked by hand."""

import pytest
import torch

from pipeline_lib.batch import Batch, take_batch
from pipeline_lib.episodes import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.methods.base import Learner, Method, Problem
from pipeline_lib.methods.build import build_method
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.methods.parse import settings_class
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import RatingTask
from pipeline_lib.training.fit import Folds, fit

ITEMS = 4
SIZES = InputSizes(user_features=1, user_values=1, item_features=1, item_values=1)
NETWORK = Network(embedding_size=1, embedding_std=1.0, hidden=(1,))
TASK = RatingTask(scale=(1, 5))
PROBLEM = Problem(SIZES, ITEMS, TASK, NETWORK)
CATALOGUE = Catalogue(Ragged(torch.arange(ITEMS + 1)), torch.ones(ITEMS, dtype=torch.int64), 1)

Ratings = list[dict[int, float]]


def rows(ratings: Ratings) -> Rows:
    """One dictionary a user, item to rating."""
    offsets = torch.tensor([0, *map(len, ratings)]).cumsum(0)
    item = torch.tensor([i for user in ratings for i in user])
    return Rows(Ragged(offsets), item, torch.tensor([r for user in ratings for r in user.values()]))


def episodes(support: Ratings, query: Ratings) -> Episodes:
    users = torch.arange(len(support))
    return Episodes(users, torch.ones(len(users), 1, dtype=torch.int64), rows(support), rows(query))


# Mean 3. Item 0 has 5, 4 and 3; item 1 has 1 and 2; item 2 has 3; item 3 has none.
TRAIN = episodes([{0: 5.0, 1: 1.0}, {0: 4.0, 2: 3.0}], [{0: 3.0}, {1: 2.0}])
# The user with more support rows comes first, so a batch puts it last.
TEST = episodes([{0: 5.0, 3: 4.0}, {1: 1.0}], [{0: 1.0, 1: 1.0, 3: 1.0}, {2: 1.0, 0: 1.0}])


def fitted(kind: str, train: Episodes = TRAIN, **shrinkage: float) -> Method:
    raw = {"kind": kind, "label": "", "role": "reference", **shrinkage}
    settings = settings_class(kind).model_validate(raw)
    method = build_method(settings, PROBLEM, seed=0)
    assert fit(method, settings, Folds(train, TEST, CATALOGUE, TASK), 0, lambda _: None) == []
    return method


def scores(method: Method) -> list[float]:
    """The scores in the order of the rows of TEST."""
    batch: Batch = take_batch(TEST, CATALOGUE, torch.arange(2))
    prediction = method.predict(batch)
    assert prediction.inner_lr is None
    ordered: list[float] = prediction.score[batch.query.place.argsort()].tolist()
    return ordered


def test_global_mean_is_the_mean_of_all_training_rows() -> None:
    """Of the five rows of two users, on both sides: (5 + 1 + 5 + 5 + 4) / 5 = 4."""
    train = episodes([{0: 5.0, 1: 1.0}, {0: 5.0}], [{0: 5.0}, {1: 4.0}])
    assert scores(fitted("global-mean", train)) == [4.0] * 5


def test_user_mean_is_the_mean_of_the_users_support_rows() -> None:
    assert scores(fitted("user-mean")) == [4.5, 4.5, 4.5, 1.0, 1.0]


def test_item_mean_without_shrinkage_is_the_mean_and_of_no_rows_the_global_mean() -> None:
    assert scores(fitted("item-mean", item_shrinkage=0)) == [4.0, 1.5, 3.0, 3.0, 4.0]


def test_item_mean_counts_shrinkage_as_rows_at_the_global_mean() -> None:
    """Item 0: (12 + 2·3) / 5 = 3.6; item 1: (3 + 2·3) / 4 = 2.25; item 2: (3 + 2·3) / 3 = 3."""
    expected = [3.6, 2.25, 3.0, 3.0, 3.6]
    assert scores(fitted("item-mean", item_shrinkage=2)) == pytest.approx(expected, rel=1e-6)


def test_two_bias_without_shrinkage_adds_the_users_mean_deviation() -> None:
    """User 0 is (5 - 4 + 4 - 3) / 2 = 1 above the items, user 1 is 1.5 - 1 = 0.5 below."""
    method = fitted("two-bias", item_shrinkage=0, user_shrinkage=0)
    assert scores(method) == pytest.approx([5.0, 2.5, 4.0, 2.5, 3.5], rel=1e-6)


def test_two_bias_shrinks_items_and_users() -> None:
    """User 0: (5 - 3.6 + 4 - 3) / (2 + 3) = 0.48; user 1: (1 - 2.25) / (1 + 3) = -0.3125."""
    method = fitted("two-bias", item_shrinkage=2, user_shrinkage=3)
    expected = [3.6 + 0.48, 2.25 + 0.48, 3.0 + 0.48, 3.0 - 0.3125, 3.6 - 0.3125]
    assert scores(method) == pytest.approx(expected, rel=1e-6)


def test_two_bias_with_great_user_shrinkage_is_the_item_mean() -> None:
    method = fitted("two-bias", item_shrinkage=2, user_shrinkage=1e9)
    expected = scores(fitted("item-mean", item_shrinkage=2))
    assert scores(method) == pytest.approx(expected, rel=1e-6)


def test_transfer_trains_on_the_rows_of_both_sides_alike_and_without_a_step() -> None:
    """All scores are 2, so user 0 errs by 3, 2 and thrice -1, user 1 thrice by -1, in 8 rows."""
    raw = {"kind": "transfer", "label": "", "role": "baseline", "epochs": 1}
    raw |= {"users_per_batch": 2, "outer_lr": 0.1, "inner_lr": 0.1}
    settings = settings_class("transfer").model_validate(raw)
    method = build_method(settings, PROBLEM, seed=0)
    assert isinstance(method, Learner)
    *_, bias = [torch.nn.init.zeros_(p) for p in method.parameters()]
    torch.nn.init.constant_(bias, 2)
    losses = method.losses(take_batch(TEST, CATALOGUE, torch.arange(2)))
    assert losses.tolist() == pytest.approx([2 / 8 * 3, 2 / 8 * (9 + 4 + 3)], rel=1e-6)
