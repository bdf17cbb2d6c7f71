"""Learners that draw, and learners whose loss is of the whole batch, however a step is cut."""

import pytest
import torch
from torch import Tensor, nn

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.methods.base import JointLearner, Prediction
from pipeline_lib.training.fit import fit
from tests.training.test_out_of_memory import CUDA, short_of_memory
from tests.training.toy import FOLDS, make_settings


class Joint(JointLearner):
    """Predicts a number; a user's loss depends on noise of their own and on the others."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.5, -0.2]))
        self.noise: dict[tuple[int, int], bytes] = {}
        self.epoch = 0

    def begin_epoch(self, number: int) -> None:
        self.epoch = number

    def addends(self, batch: Batch) -> Tensor:
        return (batch.support.mean(batch.support.target)[:, None] * self.weight).softmax(1)

    def losses(self, batch: Batch) -> Tensor:
        drawn = self.draws.normal(batch.users, 2)
        keys = [(self.epoch, user) for user in batch.users.tolist()]
        self.noise |= zip(keys, (row.numpy().tobytes() for row in drawn), strict=True)
        own = self.addends(batch)
        score = self.weight[0] + drawn.float() @ self.weight
        return (batch.query.mean(batch.query.target) - score).square() + (
            own.square() / self.sum_users(own)
        ).sum(1)

    def predict(self, batch: Batch) -> Prediction:
        return Prediction(self.weight[0].expand(len(batch.query.target)))


class Parted(Joint):
    """Another method wherever a step is cut."""

    def sum_users(self, addends: Tensor) -> Tensor:
        return addends.detach().sum(0)


def train(learner: Joint, most: int, users_per_batch: int = 8) -> float:
    """Train two epochs on a device that fits `most` users; return the first one's loss."""
    settings = make_settings("melu", epochs=2, users_per_batch=users_per_batch)
    short_of_memory(learner, most, CUDA)
    history = fit(learner, settings, FOLDS, 0, lambda _: None)
    assert learner.total is None
    return history[0].train_loss


@pytest.mark.parametrize("most", [1, 3])
def test_the_step_is_that_of_the_whole_batch(most: int) -> None:
    whole, cut, parted = Joint(), Joint(), Parted()
    loss = train(whole, 8)
    assert train(cut, most) == pytest.approx(loss, rel=1e-6)
    torch.testing.assert_close(cut.weight, whole.weight, rtol=1e-5, atol=1e-6)
    assert train(parted, most) != pytest.approx(loss, rel=1e-2)


def test_a_user_draws_the_same_in_any_batch_and_anew_in_every_epoch() -> None:
    whole, cut, smaller = Joint(), Joint(), Joint()
    train(whole, 8)
    train(cut, 3)
    train(smaller, 8, users_per_batch=5)
    assert len({*whole.noise.values()}) == len(whole.noise) == 2 * len(FOLDS.train)
    assert cut.noise == smaller.noise == whole.noise
