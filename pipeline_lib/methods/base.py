"""The interface of a method, which scores the query rows of unseen users, and how one is built."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module

import torch
from torch import Tensor, nn

from pipeline_lib.data.encode.vocabulary import Vocabulary
from pipeline_lib.episodes.batch import Batch
from pipeline_lib.episodes.draws import Draws
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.methods.base import MethodSettings, kind_modules
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import Task

# The name of a diagnostic: the one rate of a user's inner steps.
INNER_LR = "inner_lr"


@dataclass(frozen=True)
class Problem:
    """What a method is built from besides its settings: the data's sizes, task and network.

    items: how many there are. network: None for a method without one.
    """

    sizes: InputSizes
    items: int
    task: Task
    network: Network | None

    @property
    def required_network(self) -> Network:
        """Return the network's settings; raise ValueError without any."""
        if self.network is None:
            raise ValueError("the method needs the settings of a network")
        return self.network


@dataclass(frozen=True)
class Prediction:
    """score: [query rows]. diagnostics: what else is known of each user, [users] by name.

    Every batch has the same names; `inner_lr` is the rate of all of a user's inner steps.
    """

    score: Tensor
    diagnostics: Mapping[str, Tensor] = field(default_factory=dict)


class Method(nn.Module, ABC):
    """A method; its state dict is all that training stores."""

    @abstractmethod
    def predict(self, batch: Batch) -> Prediction:
        """Score the batch's query rows from its support rows and profiles; read no query target."""


class ClosedForm(Method):
    """A method fitted at once, without epochs; no seed changes it."""

    @abstractmethod
    def fit(self, train: Episodes, catalogue: Catalogue) -> None:
        """Fit to rows of the training users, on items of the catalogue."""


class Learner(Method):
    """A method trained by gradient descent on batches of training users.

    draws: the random numbers of training users; each epoch has its own.
    """

    draws = Draws(0)

    @abstractmethod
    def losses(self, batch: Batch) -> Tensor:
        """Compute each user's loss, [users]; training minimises their weighted mean."""

    @property
    def static(self) -> bool:
        """Return whether the losses of padded batches of one shape take the same operations.

        Then a GPU records them once, unless the class has a `begin_epoch`, `trace`, `after_step`
        or `end_epoch` of its own, or its losses use `draws`. Nothing else may change the losses
        from step to step but the batch and the parameters.
        """
        return False

    def warm_start(self, train: Episodes) -> None:
        """Set initial weights from all rows of the training users."""

    def weights(self, rows: Tensor) -> Tensor:
        """Return the users' weights in the mean, [users].

        rows: the number of each user's support and query rows, [users], of the losses' type.
        """
        return torch.ones_like(rows)

    def begin_epoch(self, number: int) -> None:
        """Prepare for an epoch, counted from 1.

        Depends on the state dict, settings and `draws` alone, so that training resumed from a
        checkpoint gives the same bytes.
        """

    def trace(self) -> dict[str, Tensor]:
        """Return what `after_step` needs of the last losses, after their backward pass.

        Each tensor has a row for each user of the batch, so that those of parts can be joined.
        """
        return {}

    def after_step(self, trace: Mapping[str, Tensor]) -> None:
        """Update the method after an optimiser step; trace: of all users of the step."""

    def end_epoch(self) -> dict[str, float]:
        """End an epoch; return numbers to report, by name."""
        return {}


class JointLearner(Learner):
    """A learner whose users' losses depend on each other, by the sum of some numbers of each.

    total: this sum over all users of a step, [n], while training computes the losses of a part of
    them; None where the batch is the whole step.
    """

    total: Tensor | None = None

    @abstractmethod
    def addends(self, batch: Batch) -> Tensor:
        """Compute what each user adds to the sum, [users, n]."""

    def sum_users(self, addends: Tensor) -> Tensor:
        """Return the sum over all users of the step, [n], as a constant; addends: of the batch."""
        return addends.detach().sum(0) if self.total is None else self.total


def make_problem(
    vocabulary: Vocabulary, catalogue: Catalogue, task: Task, network: Network | None
) -> Problem:
    """Make a problem from the data's vocabulary and catalogue."""
    sizes = InputSizes(
        user_features=len(vocabulary.user),
        user_values=sum(map(len, vocabulary.user.values())),
        item_features=len(vocabulary.item),
        item_values=sum(map(len, vocabulary.item.values())),
    )
    return Problem(sizes, len(catalogue), task, network)


def build_method(settings: MethodSettings, problem: Problem, seed: int) -> Method:
    """Build the method of `settings.kind`; the seed alone determines its initial weights."""
    module = import_module(kind_modules(settings.kind)[-1])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "init"))
        method: Method = module.METHODS[settings.kind](settings, problem)
    return method
