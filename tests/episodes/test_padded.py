"""Padded batches: the losses and gradients of packed ones, in shapes that do not vary."""

import math

import torch

from pipeline_lib.episodes.padded import pad_batch
from tests.combinations import Combination, each_combination
from tests.meta.per_user_reference import assert_near, gradients
from tests.worlds import CASES, HEADS, KINDS, Setup, World

torch.set_num_threads(1)  # on tensors this small a second thread only waits


def most_rows(world: World) -> tuple[int, int]:
    support, query = (
        r.users.offsets.diff() for r in (world.episodes.support, world.episodes.query)
    )
    return int(support.max()), int(query.max())


@each_combination([*KINDS, "transfer"], HEADS, [1, 2], CASES, [0, 3])
def test_losses_and_gradients_are_those_of_packed_rows(combinations: list[Combination]) -> None:
    for kind, head, steps, case, fillers in combinations:
        setup = Setup(kind, head, "first" if kind == "transfer" else "second", steps=steps)
        learner, world = setup.learner(), setup.world(*CASES[case])
        packed = world.batch()
        support, query = (most and most + fillers for most in most_rows(world))
        padded = pad_batch(world.episodes, world.catalogue, packed.users, (support, query))
        losses, own = learner.losses(packed), learner.losses(padded)
        assert_near(own, losses, 1e-12)
        own_slopes = gradients(own, learner)
        for name, slope in gradients(losses, learner).items():
            assert_near(own_slopes[name], slope, 1e-12)


def test_what_fillers_hold_changes_nothing() -> None:
    """They have the first row's item and target, whatever these are."""
    setup = Setup("reg-paml")
    learner, world = setup.learner(), setup.world([3, 1], [1, 2])
    users = torch.tensor([1])
    before = learner.losses(pad_batch(world.episodes, world.catalogue, users, (4, 3)))
    for rows in (world.episodes.support, world.episodes.query):
        rows.target[0] += 100
    after = learner.losses(pad_batch(world.episodes, world.catalogue, users, (4, 3)))
    assert torch.equal(before, after)


def test_users_of_any_sizes_have_the_same_shapes() -> None:
    world = Setup().world([1, 5, 2, 4], [2, 1, 1, 3])
    first, second = (
        pad_batch(world.episodes, world.catalogue, torch.tensor(users), (5, 3))
        for users in ([0, 2], [3, 1])
    )
    for name, tensor in vars(first.support).items():
        if isinstance(tensor, torch.Tensor):
            assert tensor.shape == vars(second.support)[name].shape
    assert first.items.shape == second.items.shape == (2 * (5 + 3),)


def test_sums_and_means_of_any_shape_leave_fillers_out_and_keep_the_type() -> None:
    """A user without rows has a sum and a mean of 0."""
    double = Setup().world([3, 0, 1], [2, 1, 1])
    for world in (double, double.single()):
        dtype, packed = world.episodes.values.dtype, world.batch()
        padded = pad_batch(world.episodes, world.catalogue, packed.users, (4, 2))
        for shape in ((), (2,), (2, 3)):
            found = [
                (rows.sum(values), rows.mean(values))
                for rows in (packed.support, padded.support)
                for values in [values_by_position(rows.position, shape, dtype)]
            ]
            total, mean = found[0]
            assert total.shape == mean.shape == (3, *shape)
            assert total.dtype == mean.dtype == dtype
            assert not mean[packed.support.counts == 0].any()
            torch.testing.assert_close(mean[packed.support.counts == 3] * 3, total[-1:])
            torch.testing.assert_close(found[1], found[0])


def values_by_position(
    position: torch.Tensor, shape: tuple[int, ...], dtype: torch.dtype
) -> torch.Tensor:
    """Values that rows of one position share, [rows, *shape]."""
    one = (position + 1).to(dtype).view(-1, *(1 for _ in shape))
    return one * torch.arange(1, 1 + math.prod(shape)).view(shape).to(dtype)
