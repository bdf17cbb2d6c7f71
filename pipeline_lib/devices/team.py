"""A team of processes that share one training: each computes some users, all take one step."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.functional import pad


@dataclass(frozen=True)
class Team:
    """`size` processes, of which this is number `rank`; a single one does not communicate."""

    rank: int = 0
    size: int = 1

    def sum_(self, tensor: Tensor) -> Tensor:
        """Replace a tensor by its sum over all processes."""
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def sum_all_(self, tensors: list[Tensor]) -> None:
        """Replace tensors by their sums over all processes, in one message."""
        if self.size == 1 or not tensors:
            return
        whole = self.sum_(torch.cat([tensor.flatten() for tensor in tensors]))
        parts = whole.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def join(self, rows: Mapping[str, Tensor], total: int) -> dict[str, Tensor]:
        """Return the rows of all processes, the first process's first.

        rows: of this process, [own rows, ...], as many as `deal` gives it of `total` rows.
        """
        if self.size == 1:
            return dict(rows)
        counts = [len(range(rank, total, self.size)) for rank in range(self.size)]
        return {name: self._join(own, counts) for name, own in rows.items()}

    def deal(self, tensor: Tensor) -> Tensor:
        """Return this process's share of some rows: every `size`-th."""
        return tensor[self.rank :: self.size]

    def _join(self, own: Tensor, counts: list[int]) -> Tensor:
        sent = own.to(torch.uint8) if own.dtype == torch.bool else own
        sent = pad(sent, (*(0, 0) * (sent.ndim - 1), 0, counts[0] - len(sent))).contiguous()
        parts = [torch.empty_like(sent) for _ in counts]
        dist.all_gather(parts, sent)
        joined = torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])
        return joined.to(own.dtype)


ALONE = Team()


def join_team() -> Team:
    """Join the processes of `start_team`: over NCCL with a GPU each, else over gloo."""
    gpus = torch.cuda.is_available()
    if gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if gpus else "gloo")
    return Team(dist.get_rank(), dist.get_world_size())
