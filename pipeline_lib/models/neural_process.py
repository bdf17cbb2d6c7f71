"""The parts of a task-adaptive neural process (Lin et al. 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from pipeline_lib.episodes.batch import BatchRows
from pipeline_lib.models.preference import Embedded
from pipeline_lib.models.rows import RowLayer, with_users


@dataclass(frozen=True)
class Gaussian:
    """Independent normal distributions of users, [users, n] each."""

    mean: Tensor
    log_variance: Tensor

    def move(self, noise: Tensor) -> Tensor:
        """Turn standard normal noise, [users, n], into draws: z = μ + σ ε."""
        return self.mean + (0.5 * self.log_variance).exp() * noise

    def divergence(self, prior: "Gaussian") -> Tensor:
        """Compute KL(self ‖ prior), [users], summed over the n numbers."""
        ratio = self.log_variance - prior.log_variance
        distance = (self.mean - prior.mean).square() / prior.log_variance.exp()
        return 0.5 * (ratio.expm1() - ratio + distance).sum(1)


class LatentLayers(nn.Module):
    """Layers from the mean of a user's encoded rows to a normal distribution."""

    def __init__(self, width: int, latent: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(width, width)
        self.moments = nn.Linear(width, 2 * latent)

    def forward(self, encoded: Tensor) -> Gaussian:
        """Compute the distribution of users, from [users, width]."""
        mean, log_variance = self.moments(relu(self.hidden(encoded))).chunk(2, 1)
        return Gaussian(mean, log_variance)


class TaskMemory(nn.Module):
    """The global pool A, a vector a_k for each cluster of users."""

    def __init__(self, clusters: int, width: int, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.clusters = nn.Parameter(torch.empty(clusters, width))
        nn.init.xavier_uniform_(self.clusters)

    def forward(self, tasks: Tensor) -> tuple[Tensor, Tensor]:
        """Compute shares log c, [users, clusters], and o = t + c A, [users, width].

        c_ik ∝ (1 + ‖t_i − a_k‖² / τ)^(−(τ+1)/2) is Student's t-kernel with τ degrees of freedom;
        tasks: t, [users, width].
        """
        squares = (tasks[:, None] - self.clusters).square().sum(2)
        kernel = -(self.temperature + 1) / 2 * (squares / self.temperature).log1p()
        shares = kernel.log_softmax(1)
        return shares, tasks + shares.exp() @ self.clusters


def clustering_loss(shares: Tensor, total: Tensor) -> Tensor:
    """Compute Σ_k d_ik log(d_ik / c_ik), [users], with d_ik ∝ c_ik² / f_k as a constant.

    shares: log c, [users, clusters]. total: f_k = Σ_i c_ik over all users of a step, [clusters].
    """
    target = (2 * shares.detach() - total.log()).log_softmax(1)
    return (target.exp() * (target - shares)).sum(1)


class Modulation(nn.Module):
    """FiLM or gating FiLM: a scale γ and a shift β of a layer's outputs, from a user's task o."""

    def __init__(self, task: int, width: int, *, gated: bool) -> None:
        super().__init__()
        self.gated = gated
        self.layer = nn.Linear(task, width * (4 if gated else 2), bias=False)

    def forward(self, tasks: Tensor) -> tuple[Tensor, Tensor]:
        """Compute γ = tanh(W_γ o) and β = tanh(W_β o), [users, width] each.

        Gated, both are mixed with a common η = tanh(W_η o) by shares δ = sigmoid(W_δ o):
        γ δ + η (1 − δ) and β δ + η (1 − δ).
        """
        if not self.gated:
            scale, shift = self.layer(tasks).tanh().chunk(2, 1)
            return scale, shift
        scale, shift, common, gate = self.layer(tasks).chunk(4, 1)
        share = gate.sigmoid()
        rest = common.tanh() * (1 - share)
        return scale.tanh() * share + rest, shift.tanh() * share + rest


class ModulatedDecoder(nn.Module):
    """Layers on a row's user and item, `width` each, and z; the task modulates hidden outputs."""

    def __init__(
        self, width: int, latent: int, widths: Sequence[int], task: int, *, gated: bool
    ) -> None:
        super().__init__()
        self.first = RowLayer(width + latent, width, 0, widths[0])
        self.later = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(widths))
        self.modulations = nn.ModuleList(Modulation(task, w, gated=gated) for w in widths[:-1])

    def forward(self, embedded: Embedded, rows: BatchRows, latent: Tensor, tasks: Tensor) -> Tensor:
        """Compute the outputs of rows, [rows, the last width]."""
        x: Tensor = self.first(with_users(embedded, latent), rows)
        for modulation, layer in zip(self.modulations, self.later, strict=True):
            scale, shift = modulation(tasks)
            x = layer(relu(rows.spread(scale) * x + rows.spread(shift)))
        return x
