"""TaNP: a neural process whose decoder is modulated by what kind of user it is for."""

from collections.abc import Mapping

import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.methods.base import JointLearner, Prediction, Problem
from pipeline_lib.methods.embedded import EmbeddedLearner
from pipeline_lib.models.neural_process import (
    LatentLayers,
    ModulatedDecoder,
    TaskMemory,
    clustering_loss,
)
from pipeline_lib.models.preference import Embedded
from pipeline_lib.models.rows import LayeredEmbeddings, RowEncoder
from pipeline_lib.settings.methods.tanp import TaNPSettings


class TaNP(EmbeddedLearner, JointLearner):
    """A task-adaptive neural process (Lin et al. 2021).

    A user's loss is the mean loss of the query rows, decoded with a draw z ~ q(z | support and
    query), plus KL(q(z | support and query) ‖ q(z | support)), plus `cluster_weight` times the
    user's part of the clustering loss, which is of the whole batch. Prediction decodes with the
    mean of q(z | support).
    """

    def __init__(self, settings: TaNPSettings, problem: Problem) -> None:
        super().__init__(problem)
        self.settings = settings
        sizes, network = problem.sizes, problem.required_network
        self.network = LayeredEmbeddings(sizes, network, settings.embedding_layers)
        width = self.network.width
        self.encoder = RowEncoder(width, settings.encoder)
        self.latent = LatentLayers(settings.encoder[-1], settings.latent_size)
        self.identity = RowEncoder(width, settings.task_encoder)
        task, gated = settings.task_encoder[-1], settings.modulation == "gating"
        self.memory = TaskMemory(settings.clusters, task, settings.temperature)
        widths = *network.hidden, self.head.outputs
        latent = settings.latent_size
        self.decoder = ModulatedDecoder(width, latent, widths, task, gated=gated)
        self.last: dict[str, Tensor] = {}
        self.steps: list[Mapping[str, Tensor]] = []

    def addends(self, batch: Batch) -> Tensor:
        """Compute the users' shares of the clusters, c, [users, clusters]."""
        shares, _ = self._identify(batch, self.network.embed(batch))
        return shares.exp()

    def losses(self, batch: Batch) -> Tensor:
        """Compute each user's loss, [users]."""
        embedded, support, query = self.network.embed(batch), batch.support, batch.query
        encoded = self.encoder(embedded, support), self.encoder(embedded, query)
        prior = self.latent(support.mean(encoded[0]))
        rows = (support.counts + query.counts)[:, None]
        posterior = self.latent((support.sum(encoded[0]) + query.sum(encoded[1])) / rows)
        noise = self.draws.normal(batch.users, self.settings.latent_size).to(posterior.mean)
        shares, tasks = self._identify(batch, embedded)
        outputs = self.decoder(embedded, query, posterior.move(noise), tasks)
        divergence: Tensor = posterior.divergence(prior)
        clustering = clustering_loss(shares, self.sum_users(shares.exp()))
        self.last = {"divergence": divergence.detach(), "clustering": clustering.detach()}
        loss = query.mean(self.head.loss(outputs, query.target))
        return loss + divergence + self.settings.cluster_weight * clustering

    def predict(self, batch: Batch) -> Prediction:
        """Score the query rows with the mean of q(z | support)."""
        embedded, support = self.network.embed(batch), batch.support
        latent = self.latent(support.mean(self.encoder(embedded, support))).mean
        _, tasks = self._identify(batch, embedded)
        return Prediction(self.head.score(self.decoder(embedded, batch.query, latent, tasks)))

    def trace(self) -> dict[str, Tensor]:
        """Return the users' divergences and parts of the clustering loss, [users] each."""
        return self.last

    def after_step(self, trace: Mapping[str, Tensor]) -> None:
        """Note the step's mean divergence and clustering loss."""
        self.steps.append({name: values.mean() for name, values in trace.items()})

    def end_epoch(self) -> dict[str, float]:
        """Return the epoch's mean divergence and clustering loss."""
        steps, self.steps = self.steps, []
        return {name: float(torch.stack([s[name] for s in steps]).mean()) for name in self.last}

    def _identify(self, batch: Batch, embedded: Embedded) -> tuple[Tensor, Tensor]:
        """Compute the users' log shares of clusters, and their tasks, from support rows alone."""
        encoded = self.identity(embedded, batch.support)
        found: tuple[Tensor, Tensor] = self.memory(batch.support.mean(encoded))
        return found


METHODS = {"tanp": TaNP}
