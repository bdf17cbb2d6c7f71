"""Predicting and judging a whole fold."""

import pytest
import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, take_batch
from pipeline_lib.episodes.format import Episodes, Ragged, Rows
from pipeline_lib.methods.base import Method, Prediction
from pipeline_lib.methods.predict import USERS_PER_BATCH, predict_fold, validate
from pipeline_lib.settings.task import ClickTask, RatingTask, Task
from tests.methods.world import CATALOGUE, ITEMS, build, make_episodes

RATING = RatingTask(scale=(1, 5))


class Constant(Method):
    """Scores everything alike."""

    def __init__(self, score: float) -> None:
        super().__init__()
        self.score = score

    def predict(self, batch: Batch) -> Prediction:
        return Prediction(torch.full_like(batch.query.target, self.score))


def judged(target: list[list[float]]) -> Episodes:
    """Users with one support row each and these query targets."""
    users = torch.arange(len(target))
    offsets = torch.tensor([0, *map(len, target)]).cumsum(0)
    values = torch.tensor([value for user in target for value in user])
    support = Rows(Ragged(torch.arange(len(target) + 1)), users % ITEMS, torch.ones(len(target)))
    query = Rows(Ragged(offsets), torch.arange(len(values)) % ITEMS, values)
    codes = torch.ones(len(target), 3, dtype=torch.int64)
    return Episodes(users, codes, torch.ones(codes.shape), support, query)


@pytest.mark.parametrize("kind", ["paml", "meta-sgd", "user-mean"])
def test_predicting_a_fold_equals_predicting_its_users_one_by_one(kind: str) -> None:
    many, method = make_episodes(USERS_PER_BATCH + 5, ITEMS, seed=4), build(kind)
    score, diagnostics = predict_fold(method, many, CATALOGUE)
    for user in (*range(0, USERS_PER_BATCH, 9), *range(USERS_PER_BATCH, len(many))):
        with torch.no_grad():
            alone = method.predict(take_batch(many, CATALOGUE, torch.tensor([user])))
        start, stop = many.query.users.offsets[user : user + 2].tolist()
        assert_close(score[start:stop], alone.score)
        assert diagnostics.keys() == alone.diagnostics.keys()
        for name, values in diagnostics.items():
            assert_close(values[user : user + 1], alone.diagnostics[name])


def test_users_of_many_rows_are_not_scored_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of whom all items are asked, say: 8 users with 1 to 4 rows and another, 10 rows at once."""
    seen: list[int] = []

    class Noting(Constant):
        def predict(self, batch: Batch) -> Prediction:
            seen.append(len(batch.support.item) + len(batch.query.item))
            return super().predict(batch)

    fold = judged([[1.0] * (1 + i % 4) for i in range(8)])
    monkeypatch.setattr("pipeline_lib.methods.predict.ROWS_PER_BATCH", 10)
    score, _ = predict_fold(Noting(2.0), fold, CATALOGUE)
    assert score.tolist() == [2.0] * 20
    assert sum(seen) == 28
    assert max(seen) <= 10


def assert_close(actual: Tensor, expected: Tensor) -> None:
    """Only the order of float32 sums may differ."""
    torch.testing.assert_close(actual, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("task", "score", "target", "expected"),
    [
        (RATING, 1.0, [[3.0], [1.0, 1.0, 1.0]], (4 + 0) / 2),
        (RATING, 2.0, [[3.0], [1.0, 2.0, 5.0]], (1 + (1 + 0 + 9) / 3) / 2),
        (ClickTask(), 0.5, [[1.0], [0.0, 1.0]], 0.693147 * (0.9 + (0.1 + 0.9) / 2) / 2),
        (ClickTask(), 0.8, [[1.0], [0.0]], (0.9 * 0.223144 + 0.1 * 1.609438) / 2),
    ],
)
def test_the_loss_of_a_fold_is_the_mean_over_users_of_their_mean(
    task: Task, score: float, target: list[list[float]], expected: float
) -> None:
    loss = validate(Constant(score), judged(target), CATALOGUE, task).loss
    assert loss == pytest.approx(expected, rel=1e-5)


def test_the_loss_of_a_fold_of_many_batches_weighs_all_users_alike() -> None:
    """A score of 1 has the error 1 on users whose ratings are 2, and 9 where they are 4."""
    users = 2 * USERS_PER_BATCH + 5
    fold = judged([[2.0] * (1 + i % 4) for i in range(users - 5)] + [[4.0]] * 5)
    error = validate(Constant(1.0), fold, CATALOGUE, RATING).loss
    assert error == pytest.approx((users - 5 + 5 * 9) / users, rel=1e-6)


def test_a_score_that_is_not_a_number_makes_the_loss_none() -> None:
    for task in (RATING, ClickTask()):
        loss = validate(Constant(torch.nan), judged([[1.0], [0.0]]), CATALOGUE, task).loss
        assert loss != loss
