"""From a method's settings to the method."""

from importlib import import_module

import torch

from pipeline_lib.data.vocabulary import Vocabulary
from pipeline_lib.episodes import Catalogue
from pipeline_lib.methods.base import Method, Problem
from pipeline_lib.methods.kinds import method_module
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.method import MethodSettings
from pipeline_lib.settings.run import Network


def make_problem(vocabulary: Vocabulary, catalogue: Catalogue, network: Network) -> Problem:
    """Size a problem by its vocabulary and catalogue."""
    sizes = InputSizes(
        user_features=len(vocabulary.user),
        user_values=sum(map(len, vocabulary.user.values())),
        item_features=len(vocabulary.item),
        item_values=sum(map(len, vocabulary.item.values())),
    )
    return Problem(sizes, len(catalogue), network)


def build_method(settings: MethodSettings, problem: Problem, seed: int) -> Method:
    """Build the method of `settings.kind`, its initial weights drawn from the seed alone."""
    module = import_module(method_module(settings.kind))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "init"))
        method: Method = module.build(settings, problem)
    return method
