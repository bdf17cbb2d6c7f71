"""The closed-form baselines, worked by hand."""

from typing import Any

import polars as pl
import pytest
import torch

from pipeline_lib.episodes.batch import Batch, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.methods.base import Learner, Method, Problem, build_method
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.methods.base import MethodSettings, settings_class
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import ClickTask, RatingTask, Task
from pipeline_lib.training.fit import Folds, fit

ITEMS = 4
SIZES = InputSizes(user_features=1, user_values=1, item_features=1, item_values=1)
NETWORK = Network(embedding_size=1, embedding_std=1.0, hidden=(1,))
TASK = RatingTask(scale=(1, 5))
# A click weighs three times what another row does.
CLICK = ClickTask(clicked_weight=0.75, other_weight=0.25)
CODES = torch.ones(ITEMS, dtype=torch.int64)
CATALOGUE = Catalogue(Ragged(torch.arange(ITEMS + 1)), CODES, torch.ones(ITEMS), 1)

Ratings = list[dict[int, float]]


def rows(ratings: Ratings) -> Rows:
    """One dictionary a user, item to rating."""
    offsets = torch.tensor([0, *map(len, ratings)]).cumsum(0)
    item = torch.tensor([i for user in ratings for i in user])
    return Rows(Ragged(offsets), item, torch.tensor([r for user in ratings for r in user.values()]))


def episodes(support: Ratings, query: Ratings) -> Episodes:
    users, values = torch.arange(len(support)), torch.ones(len(support), 1)
    return Episodes(users, values.long(), values, rows(support), rows(query))


# Mean 3. Item 0 has 5, 4 and 3; item 1 has 1 and 2; item 2 has 3; item 3 has none.
TRAIN = episodes([{0: 5.0, 1: 1.0}, {0: 4.0, 2: 3.0}], [{0: 3.0}, {1: 2.0}])
# The user with more support rows comes first, so a batch puts it last.
TEST = episodes([{0: 5.0, 3: 4.0}, {1: 1.0}], [{0: 1.0, 1: 1.0, 3: 1.0}, {2: 1.0, 0: 1.0}])


# Weighted mean 2·3 / (2·3 + 4) = 0.6 and mean weight 10 / 6, of which a click has 1.8 and another
# row 0.6. Item 0 has 1, 0 and 0; item 1 has 0 and 0; item 2 has 1; item 3 has none.
CLICK_TRAIN = episodes([{0: 1.0, 1: 0.0}, {0: 0.0, 2: 1.0}], [{0: 0.0}, {1: 0.0}])
CLICK_TEST = episodes([{0: 1.0, 3: 0.0}, {1: 0.0}], [{0: 1.0, 1: 1.0, 3: 1.0}, {2: 1.0, 0: 1.0}])


def built(kind: str, task: Task, **own: float) -> tuple[MethodSettings, Method]:
    raw = {"kind": kind, "label": "", "role": "reference", **own}
    settings = settings_class(kind).model_validate(raw)
    return settings, build_method(settings, Problem(SIZES, ITEMS, task, NETWORK), seed=0)


def fitted(kind: str, train: Episodes = TRAIN, task: Task = TASK, **shrinkage: float) -> Method:
    settings, method = built(kind, task, **shrinkage)
    folds = Folds(train, TEST, CATALOGUE, task, pl.Series(["minor"] * len(TEST)))
    assert fit(method, settings, folds, 0, lambda _: None) == []
    return method


def scores(method: Method, test: Episodes = TEST) -> list[float]:
    """The scores in the order of the rows of the test users."""
    batch: Batch = take_batch(test, CATALOGUE, torch.arange(2))
    prediction = method.predict(batch)
    assert not prediction.diagnostics
    ordered: list[float] = prediction.score[batch.query.position.argsort()].tolist()
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


def test_user_means_of_ratings_know_no_shrinkage() -> None:
    method = fitted("user-mean", click_shrinkage=10)
    assert scores(method) == scores(fitted("user-mean"))


# User 0 has no support rows.
COLDEST = episodes([{}, {1: 1.0}], [{0: 1.0, 1: 1.0, 3: 1.0}, {2: 1.0, 0: 1.0}])


class TestUsersWithoutSupportRows:
    @pytest.mark.parametrize(
        ("kind", "shrinkage", "expected"),
        [
            ("user-mean", {}, [3.0, 3.0, 3.0, 1.0, 1.0]),
            ("two-bias", {"item_shrinkage": 0, "user_shrinkage": 0}, [4.0, 1.5, 3.0, 2.5, 3.5]),
            (
                "two-bias",
                {"item_shrinkage": 2, "user_shrinkage": 3},
                [3.6, 2.25, 3.0, 3.0 - 0.3125, 3.6 - 0.3125],
            ),
        ],
    )
    def test_get_the_mean_or_the_items_score(
        self, kind: str, shrinkage: dict[str, Any], expected: list[float]
    ) -> None:
        method = fitted(kind, **shrinkage)
        assert scores(method, COLDEST) == pytest.approx(expected, rel=1e-6)

    @pytest.mark.parametrize("shrinkage", [0, 2])
    def test_get_the_training_rows_click_rate(self, shrinkage: float) -> None:
        method = fitted("user-mean", CLICK_TRAIN, CLICK, click_shrinkage=shrinkage)
        assert scores(method, COLDEST)[:3] == pytest.approx([0.6] * 3)

    def test_get_the_mean_from_a_saved_method_too(self) -> None:
        _, copy = built("user-mean", TASK)
        copy.load_state_dict(fitted("user-mean").state_dict())
        assert scores(copy, COLDEST)[:3] == [3.0] * 3


class TestClicks:
    """Each row counts by its weight in the loss, in units of the training rows' mean weight."""

    def scores(self, kind: str, test: Episodes = CLICK_TEST, **shrinkage: float) -> list[float]:
        return scores(fitted(kind, CLICK_TRAIN, CLICK, **shrinkage), test)

    def test_global_mean(self) -> None:
        assert self.scores("global-mean") == pytest.approx([0.6] * 5)

    def test_user_mean_without_shrinkage(self) -> None:
        """User 0 has 3 of 3 + 1, user 1 none of 1."""
        assert self.scores("user-mean") == pytest.approx([0.75] * 3 + [0.0] * 2)

    def test_user_mean_with_shrinkage_is_sure_of_nothing(self) -> None:
        """User 0: (1.8 + 2·0.6) / (1.8 + 0.6 + 2) = 3 / 4.4; user 1: 2·0.6 / (0.6 + 2)."""
        expected = [3 / 4.4] * 3 + [1.2 / 2.6] * 2
        assert self.scores("user-mean", click_shrinkage=2) == pytest.approx(expected)

    def test_item_mean_without_shrinkage(self) -> None:
        """Item 0: 3 of 3 + 1 + 1."""
        assert self.scores("item-mean", item_shrinkage=0) == pytest.approx([0.6, 0, 0.6, 1, 0.6])

    def test_item_mean_with_shrinkage(self) -> None:
        """Item 0: (1.8 + 1.2) / (3 + 2); item 1: 1.2 / (1.2 + 2); item 2: (1.8 + 1.2) / 3.8."""
        expected = [0.6, 0.375, 0.6, 3 / 3.8, 0.6]
        assert self.scores("item-mean", item_shrinkage=2) == pytest.approx(expected)

    def test_two_bias(self) -> None:
        """User 0: (1.8·0.4 - 0.6·0.6) / (2.4 + 3) = 1/15; user 1: -0.6·0.375 / (0.6 + 3)."""
        expected = [0.6 + 1 / 15, 0.375 + 1 / 15, 0.6 + 1 / 15, 3 / 3.8 - 0.0625, 0.6 - 0.0625]
        actual = self.scores("two-bias", item_shrinkage=2, user_shrinkage=3)
        assert actual == pytest.approx(expected)

    def test_two_bias_leaves_no_probability_outside_0_and_1(self) -> None:
        """User 0 is 1 above the items and user 1 is 1 below."""
        test = episodes([{1: 1.0}, {2: 0.0}], [{0: 1.0, 2: 1.0}, {1: 1.0, 0: 1.0}])
        actual = self.scores("two-bias", test, item_shrinkage=0, user_shrinkage=0)
        assert actual == [1.0, 1.0, 0.0, 0.0]

    def test_shrinkage_to_the_training_mean_survives_saving(self) -> None:
        method = fitted("user-mean", CLICK_TRAIN, CLICK, click_shrinkage=2)
        _, copy = built("user-mean", CLICK, click_shrinkage=2)
        copy.load_state_dict(method.state_dict())
        assert scores(copy, CLICK_TEST) == scores(method, CLICK_TEST)


def test_transfer_trains_on_the_rows_of_both_sides_alike_and_without_a_step() -> None:
    """All scores are 2, so user 0 errs by 3, 2 and thrice -1, user 1 thrice by -1, in 8 rows."""
    own = {"epochs": 1, "users_per_batch": 2, "outer_lr": 0.1, "inner_lr": 0.1}
    _, method = built("transfer", TASK, **own)
    assert isinstance(method, Learner)
    *_, bias = [torch.nn.init.zeros_(p) for p in method.parameters()]
    torch.nn.init.constant_(bias, 2)
    losses = method.losses(take_batch(TEST, CATALOGUE, torch.arange(2)))
    assert losses.tolist() == pytest.approx([3 / 3, (9 + 4 + 3) / 5], rel=1e-6)
    weights = method.weights(torch.tensor([3, 5]))
    mean = (losses.detach() * weights).sum() / weights.sum()
    assert float(mean) == pytest.approx(19 / 8, rel=1e-6)
