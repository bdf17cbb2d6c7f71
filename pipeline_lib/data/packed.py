"""Tensors of columns."""

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from pipeline_lib.episodes import Ragged


def ragged(lengths: NDArray[np.int64]) -> Ragged:
    """Say where lists of these lengths start."""
    return Ragged(torch.tensor(np.concatenate(([0], lengths.cumsum())), dtype=torch.int64))


def integers(values: pl.Series) -> torch.Tensor:
    """Copy whole numbers into a tensor, int64."""
    return torch.tensor(values.to_numpy(), dtype=torch.int64)
