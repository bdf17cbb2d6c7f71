"""A batch's rows in padded blocks of similar users."""

import pytest
import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.blocks import USERS_PER_BLOCK, make_blocks
from tests.worlds import CASES, Setup

torch.set_num_threads(1)  # on tensors this small a second thread only waits


def make_batch(case: str) -> Batch:
    return Setup().world(*CASES[case]).batch()


def gauss(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_users_with_like_supports_share_a_block() -> None:
    world = Setup().world(*CASES["three blocks"])
    counts = world.batch(torch.arange(len(world.episodes)).flip(0)).support.counts
    assert counts.tolist() == sorted(CASES["three blocks"][0])


@pytest.mark.parametrize("case", CASES)
def test_blocks_cover_every_user_once(case: str) -> None:
    batch = make_batch(case)
    parts = make_blocks(batch).users(torch.arange(len(batch)))
    assert torch.equal(torch.cat(parts), torch.arange(len(batch)))
    assert all(len(part) == USERS_PER_BLOCK for part in parts[:-1])
    assert 0 < len(parts[-1]) <= USERS_PER_BLOCK


@pytest.mark.parametrize("case", CASES)
def test_every_row_is_padded_in_its_own_users_slots(case: str) -> None:
    batch = make_batch(case)
    blocks = make_blocks(batch)
    for rows, side in ((batch.support, blocks.support), (batch.query, blocks.query)):
        owner = 1 + rows.user[:, None].double()
        for padded, users in zip(
            side.pad(owner), blocks.users(torch.arange(len(batch))), strict=True
        ):
            counts = rows.counts[users]
            assert padded.shape == (len(users), int(counts.max()), 1)
            filled = torch.arange(padded.shape[1]) < counts[:, None]
            assert torch.equal(padded[:, :, 0], filled * (1 + users[:, None].double()))


@pytest.mark.parametrize("case", CASES)
def test_unpadding_gives_the_rows_back(case: str) -> None:
    batch = make_batch(case)
    blocks = make_blocks(batch)
    for rows, side in ((batch.support, blocks.support), (batch.query, blocks.query)):
        values = gauss(len(rows.item), 3)
        padded = side.pad(values)
        assert torch.equal(side.unpad(padded), values)
        assert sum(int(p.count_nonzero()) for p in padded) == values.count_nonzero()
