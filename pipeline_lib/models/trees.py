"""Regression trees as tensors."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

Nodes = Mapping[str, Any]  # of one tree, by name, as scikit-learn has them


class Trees(nn.Module):
    """The sum of trees of at most `depth` questions from root to leaf.

    A node has a column of the features, a threshold, where to go up to it and where above it, and
    a value; [trees, nodes] each. A leaf leads to itself.
    """

    column: Tensor
    threshold: Tensor
    below: Tensor
    above: Tensor
    value: Tensor

    def __init__(self, trees: int, depth: int) -> None:
        super().__init__()
        self.depth = depth
        shape = trees, 2 ** (depth + 1) - 1
        for name in ("column", "below", "above"):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.int64))
        for name in ("threshold", "value"):
            self.register_buffer(name, torch.zeros(shape, dtype=torch.float64))

    def set_nodes(self, trees: Sequence[Nodes]) -> None:
        """Take the nodes of fitted trees; those that were not needed add nothing."""
        for place, nodes in enumerate(trees):
            leaf, count = torch.tensor(nodes["is_leaf"]).bool(), len(nodes["value"])
            own = torch.arange(count)
            for name, source in (("below", "left"), ("above", "right")):
                child = torch.tensor(nodes[source].astype("int64"))
                getattr(self, name)[place, :count] = torch.where(leaf, own, child)
            self.column[place, :count] = torch.tensor(nodes["feature_idx"].astype("int64"))
            self.threshold[place, :count] = torch.tensor(nodes["num_threshold"])
            self.value[place, :count] = torch.tensor(nodes["value"])

    def forward(self, features: Tensor) -> Tensor:
        """Sum the leaves' values, [rows] float64; features: [rows, columns]."""
        first = torch.arange(len(self.column), device=features.device) * self.column.shape[1]
        node = first.expand(len(features), -1)
        for _ in range(self.depth):
            asked = features.gather(1, self._of(self.column, node))
            is_below = asked <= self._of(self.threshold, node)
            child = torch.where(is_below, self._of(self.below, node), self._of(self.above, node))
            node = first + child
        return self._of(self.value, node).sum(1)

    def _of(self, values: Tensor, node: Tensor) -> Tensor:
        return values.flatten()[node]
