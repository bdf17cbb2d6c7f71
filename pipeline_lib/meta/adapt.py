"""The inner step: each user of a batch adapts θ to their support rows.

One step of the decision layers goes the fast way, `one_step`, which builds no user's weights;
every other setting goes the general way, `many_steps`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta.many_steps import adapt_generally, make_model
from pipeline_lib.meta.one_step import make_step, query_pass, squared_gradients
from pipeline_lib.meta.rates import Rates
from pipeline_lib.meta.support_pass import support_pass
from pipeline_lib.models.head import Head
from pipeline_lib.models.preference import Embedded, PreferenceNetwork
from pipeline_lib.settings.methods.base import InnerLoop


@dataclass(frozen=True)
class Adapted:
    """The result of the users' steps.

    outputs: of the query rows, [query rows, outputs]. squared_gradients: computes ‖∇θ L_i‖² of the
    parameters that adapt, at the first step, [users].
    """

    outputs: Tensor
    squared_gradients: Callable[[], Tensor]


def adapt(
    network: PreferenceNetwork,
    head: Head,
    embedded: Embedded,
    batch: Batch,
    rates: Rates,
    loop: InnerLoop,
) -> Adapted:
    """Compute the outputs of the query rows after each user's steps on their support rows."""
    embeddings = loop.adapt == "all"
    if loop.inner_steps > 1 or embeddings:
        model = make_model(network, embedded, batch, embeddings)
        outputs, gradient = adapt_generally(model, head, rates, loop.inner_steps, loop.order)
        return Adapted(outputs, lambda: model.squares(gradient))
    first = network.first_layer(embedded)
    support = support_pass(network, head, embedded, first, batch.support)
    step = make_step(support if loop.order == "second" else support.detach(), batch)
    outputs = query_pass(network, embedded, first, step, rates)
    return Adapted(outputs, lambda: squared_gradients(step))
