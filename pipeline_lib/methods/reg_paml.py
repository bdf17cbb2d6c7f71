"""REG-PAML: PAML with a regulariser in place of a memory."""

from torch import Tensor

from pipeline_lib.batch import Batch
from pipeline_lib.meta.adaptation import Adapted
from pipeline_lib.meta.rates import Rates, UserRates
from pipeline_lib.methods.base import Problem
from pipeline_lib.methods.paml import PAML
from pipeline_lib.settings.methods.reg_paml import RegPAMLSettings


class RegPAML(PAML):
    """Add γ ‖∇θ L_i‖² |α(h_i)| to each user's loss (Yu et al. 2021, REG-PAML).

    The gradient is that of the support rows' loss with respect to what adapts, before the first
    step. Nothing is kept of any user.
    """

    def __init__(self, settings: RegPAMLSettings, problem: Problem) -> None:
        super().__init__(settings, problem)
        self.gamma = settings.gamma

    def objective(self, batch: Batch, adapted: Adapted, rates: Rates) -> Tensor:
        """Compute each user's query loss and regulariser, [users]."""
        if not isinstance(rates, UserRates):
            raise TypeError(f"REG-PAML has a rate for each user, not {type(rates).__name__}")
        regulariser = adapted.squared_gradients() * rates.rate.abs()
        return super().objective(batch, adapted, rates) + self.gamma * regulariser


build = RegPAML
