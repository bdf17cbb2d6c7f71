"""Transfer learning: pooled training, then gradient steps on each new user's support rows."""

from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.methods.melu import MeLU


class Transfer(MeLU):
    """Train on all rows alike and fine-tune at prediction only (Yu et al. 2021, "Baselines")."""

    def losses(self, batch: Batch) -> Tensor:
        """Average the loss, unadapted, over all of each user's rows, [users]."""
        embedded = self.network.embed(batch)
        sides = (batch.support, batch.query)
        sums = [r.sum(self.head.loss(self.network(embedded, r), r.target)) for r in sides]
        return (sums[0] + sums[1]) / (batch.support.counts + batch.query.counts)

    def weights(self, rows: Tensor) -> Tensor:
        """Weigh users by their rows, so that all rows count alike."""
        return rows.float()


build = Transfer
