"""The learning-rate network: from a user's embedding to that user's inner learning rate."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


class LearningRateNetwork(nn.Module):
    """α'(h) = lr_max · sigmoid(MLP(h)), with ReLU between the layers (PAML, Yu et al. 2021)."""

    def __init__(self, user_width: int, hidden: Sequence[int], lr_max: float) -> None:
        super().__init__()
        self.lr_max = lr_max
        widths = (user_width, *hidden)
        layers = [(nn.Linear(i, o), nn.ReLU()) for i, o in pairwise(widths)]
        self.mlp = nn.Sequential(*(m for pair in layers for m in pair), nn.Linear(widths[-1], 1))

    def forward(self, users: Tensor) -> Tensor:
        """Map embeddings [users, user_width] to inner learning rates [users]."""
        return self.lr_max * torch.sigmoid(self.mlp(users)[:, 0])
