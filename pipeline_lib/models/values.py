"""The values that a batch's users and items have, as lists: who, which code, and its weight."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch


@dataclass(frozen=True)
class Values:
    """Values of users or of items. owner, code: [values] int64, no code 0; weight: [values]."""

    owner: Tensor
    code: Tensor
    weight: Tensor


def user_values(batch: Batch) -> Values:
    """List the values of a batch's users."""
    owner, slot = (batch.codes > 0).nonzero(as_tuple=True)
    return Values(owner, batch.codes[owner, slot], batch.values[owner, slot])


def item_values(batch: Batch, features: int) -> Values:
    """List the values of a batch's items, of `features` features each."""
    end = torch.full_like(batch.items[:1], len(batch.item_codes))
    counts = torch.cat((batch.item_bags, end)).diff()
    owner = torch.repeat_interleave(counts) // features
    return Values(owner, batch.item_codes, batch.item_weights)
