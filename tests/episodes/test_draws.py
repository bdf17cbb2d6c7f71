"""A user's random numbers are the user's own."""

import torch
from scipy.stats import kstest

from pipeline_lib.episodes.draws import Draws

USERS = torch.arange(3000)


def test_they_do_not_depend_on_who_is_in_the_batch_or_on_how_many_are_drawn() -> None:
    everyone = Draws(7).normal(USERS, 5)
    chosen = torch.tensor([2999, 0, 41])
    assert torch.equal(Draws(7).normal(chosen, 5), everyone[chosen])
    assert torch.equal(Draws(7).normal(chosen, 2), everyone[chosen, :2])


def test_another_seed_gives_others() -> None:
    for seed in (6, 8, -7, 2**62):
        assert not (Draws(seed).normal(USERS, 5) == Draws(7).normal(USERS, 5)).any()


def test_they_are_standard_normal_and_independent() -> None:
    """Of a fixed seed, so that this holds always or never."""
    drawn = Draws(1).normal(USERS, 4)
    assert drawn.dtype == torch.float64
    assert kstest(drawn.flatten().numpy(), "norm").pvalue > 0.1
    neighbours = torch.cat((drawn[:-1], drawn[1:], Draws(2).normal(USERS, 4)[:-1]), 1)
    correlation = torch.corrcoef(neighbours.T) - torch.eye(12)
    assert correlation.abs().max() < 0.08  # four standard deviations of 1 / √3000


def test_no_user_draws_nothing() -> None:
    assert Draws(0).normal(USERS[:0], 3).shape == (0, 3)
