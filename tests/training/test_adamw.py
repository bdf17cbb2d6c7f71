"""The optimiser equals torch's class, and loads no compiler."""

import copy
import subprocess
import sys

import pytest
import torch
from torch import nn

from pipeline_lib.training.adamw import AdamW
from tests.workflow.small_project import ROOT

STEPS = 20
Torchs = torch.optim.Adam | torch.optim.AdamW


class TwoLayers(nn.Module):
    """The second layer has no gradient in the first steps."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(7, 5), nn.Linear(5, 3)

    def loss(self, step: int) -> torch.Tensor:
        x = torch.randn(11, 7, generator=torch.Generator().manual_seed(step))
        middle = self.first(x).tanh()
        out: torch.Tensor = middle if step < STEPS // 2 else self.second(middle)
        return out.square().sum()


def descend(module: TwoLayers, optimiser: AdamW | Torchs, steps: range) -> None:
    for step in steps:
        if isinstance(optimiser, AdamW):
            optimiser.rate = rate(step)
        else:
            optimiser.param_groups[0]["lr"] = rate(step)
        optimiser.zero_grad()
        module.loss(step).backward()
        optimiser.step()


def rate(step: int) -> float:
    return 0.01 * (1 + step % 3)


def equal(left: nn.Module, right: nn.Module) -> bool:
    return all(map(torch.equal, left.parameters(), right.parameters()))


@pytest.mark.parametrize(
    ("decay", "theirs"),
    [(0.0, torch.optim.Adam), (0.0, torch.optim.AdamW), (0.3, torch.optim.AdamW)],
)
def test_it_equals_torchs_class_to_the_byte(decay: float, theirs: type[Torchs]) -> None:
    torch.manual_seed(0)
    left = TwoLayers()
    right, start = copy.deepcopy(left), copy.deepcopy(left)
    descend(left, AdamW(left.parameters(), 0.01, decay), range(STEPS))
    descend(right, theirs(right.parameters(), fused=True, weight_decay=decay), range(STEPS))
    assert equal(left, right)
    assert not equal(left, start)


def test_clipping_is_torchs() -> None:
    torch.manual_seed(0)
    left = TwoLayers()
    right, plain = copy.deepcopy(left), copy.deepcopy(left)
    own = AdamW(left.parameters(), 0.01, 0.3, 0.5)
    theirs = torch.optim.AdamW(right.parameters(), fused=True, weight_decay=0.3)
    for step in range(STEPS):
        own.rate = theirs.param_groups[0]["lr"] = rate(step)
        for module, optimiser in ((left, own), (right, theirs)):
            optimiser.zero_grad()
            module.loss(step).backward()
        norm = torch.nn.utils.clip_grad_norm_(right.parameters(), 0.5)
        assert norm > 0.5
        own.step()
        theirs.step()
    assert equal(left, right)
    descend(plain, AdamW(plain.parameters(), 0.01, 0.3), range(STEPS))
    assert not equal(left, plain)


def test_it_goes_on_from_its_state() -> None:
    torch.manual_seed(0)
    whole = TwoLayers()
    resumed = copy.deepcopy(whole)
    optimiser = AdamW(whole.parameters(), 0.01, 0.1)
    descend(whole, optimiser, range(7))
    other = copy.deepcopy(whole)
    descend(whole, optimiser, range(7, STEPS))
    again = AdamW(resumed.parameters(), 0.01, 0.1)
    descend(resumed, again, range(7))
    state = {name: tensor.clone() for name, tensor in again.state().items()}
    fresh = AdamW(other.parameters(), 0.01, 0.1)
    fresh.load(state)
    descend(other, fresh, range(7, STEPS))
    assert equal(whole, other)


@pytest.mark.slow
def test_a_training_loads_no_compiler() -> None:
    """torch._dynamo takes two seconds of every training's start."""
    code = (
        "import sys; from tests.training.toy import train; train('melu', epochs=1); "
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
