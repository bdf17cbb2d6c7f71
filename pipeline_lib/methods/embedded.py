"""The base of all learners that embed users and items by their features."""

from pipeline_lib.methods.base import Learner, Problem
from pipeline_lib.models.head import make_head
from pipeline_lib.models.preference import Embeddings


class EmbeddedLearner(Learner):
    """A learner whose `network` embeds users and items, and whose head has scores and losses.

    The embeddings of its users can be looked at (`pipeline_lib.evaluation.project`).
    """

    network: Embeddings

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.head = make_head(problem.task, problem.required_network.head)
