"""From a method's settings to the method."""

from importlib import import_module

import torch

from pipeline_lib.data.vocabulary import Vocabulary
from pipeline_lib.episodes import Catalogue
from pipeline_lib.methods.base import Method, Problem
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.methods.base import MethodSettings
from pipeline_lib.settings.methods.parse import kind_modules
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import Task


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
        method: Method = module.build(settings, problem)
    return method
