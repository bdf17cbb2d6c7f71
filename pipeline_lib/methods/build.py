"""From a method's settings to the method."""

from importlib import import_module

import torch

from pipeline_lib.methods.base import Method, Problem
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.method import MethodBase


def build_method(settings: MethodBase, problem: Problem, seed: int) -> Method:
    """Build the method of `settings.kind`, its initial weights drawn from the seed alone.

    The kind `two-bias` lives in the module `pipeline_lib.methods.two_bias`, and so on.
    """
    module = import_module(method_module(settings.kind))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "init"))
        method: Method = module.build(settings, problem)
    return method


def method_module(kind: str) -> str:
    """Name the module of a kind of method."""
    return f"pipeline_lib.methods.{kind.replace('-', '_')}"
