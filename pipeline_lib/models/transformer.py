"""A transformer that reads a user's rows as a set."""

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu


class SetLayer(nn.Module):
    """Self-attention and two layers on each row, both added to their input (Vaswani et al. 2017).

    Inputs are normalised before each of the two (Xiong et al. 2020), and nothing tells a row's
    place, so the rows are a set.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        # A bias of keys would change no weight, and Adam would follow its rounding errors.
        self.projection = nn.Linear(width, 3 * width, bias=False)
        self.joined = nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor, sees: Tensor) -> Tensor:
        """Compute new values of rows, [users, rows, width].

        sees: [users, rows, rows] bool, whether a row sees another; each sees one or more.
        """
        x = x + self.joined(self._attend(self.norms[0](x), sees))
        added: Tensor = self.narrow(gelu(self.wide(self.norms[1](x))))
        return x + added

    def _attend(self, x: Tensor, sees: Tensor) -> Tensor:
        """Compute softmax(Q Kᵀ / √d) V of every head, [users, rows, width]."""
        shape = *x.shape[:2], 3, self.heads, x.shape[2] // self.heads
        query, key, value = self.projection(x).view(shape).permute(2, 0, 3, 1, 4)
        products = query @ key.mT / shape[-1] ** 0.5
        weights = products.masked_fill(~sees[:, None], -torch.inf).softmax(3)
        attended: Tensor = (weights @ value).transpose(1, 2)
        return attended.flatten(2)
