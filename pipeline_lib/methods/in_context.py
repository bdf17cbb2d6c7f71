"""An in-context learner: a transformer that reads support rows and scores query rows."""

import torch
from torch import Tensor, nn

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.blocks import Blocks, make_blocks
from pipeline_lib.methods.base import Prediction, Problem
from pipeline_lib.methods.embedded import EmbeddedLearner
from pipeline_lib.models.preference import Embeddings
from pipeline_lib.models.rows import RowLayer
from pipeline_lib.models.transformer import SetLayer
from pipeline_lib.settings.methods.in_context import InContextSettings


class InContext(EmbeddedLearner):
    """A prior-data fitted network (Müller et al. 2022), fitted to the training users.

    A row becomes a token: its user and item, and in a support row its target. A token sees the
    user's support rows and itself, so that no query row sees another. A user's loss is the mean
    loss of the query rows.
    """

    def __init__(self, settings: InContextSettings, problem: Problem) -> None:
        super().__init__(problem)
        width = settings.width
        self.network = Embeddings(problem.sizes, problem.required_network)
        self.token = RowLayer(self.network.user_width, self.network.item_width, 0, width)
        self.target = nn.Linear(1, width)
        self.layers = nn.ModuleList(SetLayer(width, settings.heads) for _ in range(settings.layers))
        self.output = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, self.head.outputs))

    def losses(self, batch: Batch) -> Tensor:
        """Compute each user's mean query loss, [users]."""
        return batch.query.mean(self.head.loss(self._outputs(batch), batch.query.target))

    def predict(self, batch: Batch) -> Prediction:
        """Read the support rows and score the query rows."""
        return Prediction(self.head.score(self._outputs(batch)))

    def _outputs(self, batch: Batch) -> Tensor:
        """Compute the outputs of the query rows, [query rows, outputs], block by block."""
        embedded, blocks = self.network.embed(batch), make_blocks(batch)
        rated = self.target(batch.support.target[:, None])
        support = blocks.support.pad(self.token(embedded, batch.support) + rated)
        query = blocks.query.pad(self.token(embedded, batch.query))
        found = []
        for given, asked, sees in zip(support, query, _who_sees(batch, blocks), strict=True):
            x = torch.cat((given, asked), 1)
            for layer in self.layers:
                x = layer(x, sees)
            found.append(x[:, given.shape[1] :])
        outputs: Tensor = self.output(blocks.query.unpad(found))
        return outputs


def _who_sees(batch: Batch, blocks: Blocks) -> list[Tensor]:
    """Return whether a row sees another of its user, [users, rows, rows] bool for each block.

    rows: the support rows, then the query rows. All see the support rows and themselves.
    """
    there = batch.support.target.new_ones(len(batch.support.target), 1)
    found = []
    for given, asked in zip(blocks.support.pad(there), blocks.query.shapes, strict=True):
        seen = torch.cat((given, given.new_zeros(*asked, 1)), 1)[..., 0]
        itself = torch.eye(seen.shape[1], dtype=torch.bool, device=seen.device)
        found.append(seen.bool()[:, None] | itself)
    return found


METHODS = {"in-context": InContext}
