"""Random numbers of users, which do not depend on who else is in a batch."""

from dataclasses import dataclass

import torch
from torch import Tensor

# splitmix64's constants, as signed numbers (Steele et al. 2014).
STEP, FIRST, SECOND = (
    number - 2**64 for number in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)
BITS = 53  # of a float64's fraction


@dataclass(frozen=True)
class Draws:
    """Random numbers of one epoch, keyed by a seed and by users' positions in the fold.

    A user has the same numbers whatever the order of a batch, the parts that it is cut into, and
    the number of processes that share it.
    """

    seed: int

    def normal(self, users: Tensor, count: int) -> Tensor:
        """Draw standard normal numbers, [users, count] float64; users: [users] int64."""
        columns = torch.arange(1, count + 1, device=users.device)
        own = _mix(self.seed + (users + 1) * STEP)
        bits = _shift(_mix(own[:, None] + columns * STEP), 64 - BITS)
        drawn: Tensor = torch.special.ndtri((bits.double() + 0.5) * 2.0**-BITS)
        return drawn


def _mix(x: Tensor) -> Tensor:
    """Mix the bits of 64-bit integers; products wrap around."""
    x = (x ^ _shift(x, 30)) * FIRST
    x = (x ^ _shift(x, 27)) * SECOND
    return x ^ _shift(x, 31)


def _shift(x: Tensor, bits: int) -> Tensor:
    """Shift to the right and fill with zeros, where torch fills with the sign."""
    return (x >> bits) & ((1 << (64 - bits)) - 1)
