"""PAML with one learned rate is MeLU with that rate, but for learning it."""

import torch

from pipeline_lib.methods.base import Learner
from tests.methods.world import RATINGS, build, take_all, train


def test_it_begins_as_melu_with_half_the_bound() -> None:
    batch = take_all(RATINGS.folds.train)
    left, right = build("shared-paml", lr_max=0.2), build("melu", inner_lr=0.1)
    assert isinstance(left, Learner)
    assert isinstance(right, Learner)
    weights = {k: v for k, v in left.state_dict().items() if k != "logit"}
    right.load_state_dict(weights)
    torch.testing.assert_close(left.losses(batch), right.losses(batch))


def test_all_users_get_the_rate_that_was_learned() -> None:
    method, _ = train("shared-paml", lr_max=0.2)
    rates = method.predict(take_all(RATINGS.test)).inner_lr
    assert rates is not None
    assert rates.detach().unique().numel() == 1
    assert 0 < float(rates[0].detach()) < 0.2
    assert abs(float(rates[0].detach()) - 0.1) > 1e-4
