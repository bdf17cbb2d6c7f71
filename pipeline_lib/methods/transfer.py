"""Transfer learning: pooled training, then gradient steps on each new user's support rows."""

from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.methods.melu import MeLU


class Transfer(MeLU):
    """Train on all rows alike and fine-tune at prediction only (Yu et al. 2021, "Baselines")."""

    def losses(self, batch: Batch) -> Tensor:
        """Compute each user's share of the mean loss over all rows, unadapted, [users]."""
        embedded = self.network.embed(batch)
        sides = (batch.support, batch.query)
        sums = [r.sum(self.head.loss(self.network(embedded, r), r.target)) for r in sides]
        rows = sum(len(r.item) for r in sides)
        return (sums[0] + sums[1]) * (len(batch) / rows)


build = Transfer
