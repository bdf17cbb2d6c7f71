"""What a method is: something that, once trained, scores the query rows of unseen users."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import torch
from torch import Tensor, nn

from pipeline_lib.data.encode.vocabulary import Vocabulary
from pipeline_lib.episodes.batch import Batch
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.methods.base import MethodSettings, kind_modules
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import Task


@dataclass(frozen=True)
class Problem:
    """What a method must know of the data and the run before it sees any row.

    network: None where the method has none.
    """

    sizes: InputSizes
    items: int
    task: Task
    network: Network | None


@dataclass(frozen=True)
class Prediction:
    """score: [query rows]. inner_lr: [users], or None where a user has not one rate."""

    score: Tensor
    inner_lr: Tensor | None


class Method(nn.Module, ABC):
    """A method; its state dict is all that training leaves."""

    @abstractmethod
    def predict(self, batch: Batch) -> Prediction:
        """Score the batch's query rows from its support rows and profiles alone."""


class ClosedForm(Method):
    """A method fitted in closed form."""

    @abstractmethod
    def fit(self, train: Episodes) -> None:
        """Fit to all rows of the training users."""


class Learner(Method):
    """A method trained by gradient descent on batches of training users."""

    @abstractmethod
    def losses(self, batch: Batch) -> Tensor:
        """Compute each user's loss, [users]; their weighted mean is minimised."""

    def warm_start(self, train: Episodes) -> None:
        """Choose weights to begin with from all rows of the training users."""

    def weights(self, rows: Tensor) -> Tensor:
        """Weigh users in the mean, [users]; rows: support and query rows of each, [users] int64."""
        return torch.ones_like(rows, dtype=torch.float32)

    def begin_epoch(self, number: int) -> None:
        """Prepare for an epoch, the first being 1, from the state dict and settings alone.

        So training that is taken up again goes on as if it had never stopped.
        """

    def trace(self) -> dict[str, Tensor]:
        """Tell what `after_step` needs of the last losses, once they were sent back.

        Each of the tensors has a row for each user of the batch: those of parts can be joined.
        """
        return {}

    def after_step(self, trace: Mapping[str, Tensor]) -> None:
        """Follow a step of the optimiser; trace: of all the step's users."""

    def end_epoch(self) -> dict[str, float]:
        """Close an epoch, and report on it whatever is worth watching."""
        return {}


def make_problem(
    vocabulary: Vocabulary, catalogue: Catalogue, task: Task, network: Network | None
) -> Problem:
    """Size a problem by its vocabulary and catalogue; network is None for a method without one."""
    sizes = InputSizes(
        user_features=len(vocabulary.user),
        user_values=sum(map(len, vocabulary.user.values())),
        item_features=len(vocabulary.item),
        item_values=sum(map(len, vocabulary.item.values())),
    )
    return Problem(sizes, len(catalogue), task, network)


def build_method(settings: MethodSettings, problem: Problem, seed: int) -> Method:
    """Build the method of `settings.kind`, its initial weights drawn from the seed alone."""
    module = import_module(kind_modules(settings.kind)[1])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "init"))
        method: Method = module.METHODS[settings.kind](settings, problem)
    return method
