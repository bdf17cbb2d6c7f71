"""The learning-rate network: values worked by hand, bounds and reach of the gradient."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from pipeline_lib.meta.rates import LearningRateNetwork


def fill(layer: nn.Module, weight: list[list[float]], bias: list[float]) -> None:
    with torch.no_grad():
        for parameter, values in zip(layer.parameters(), (weight, bias), strict=True):
            parameter.copy_(torch.tensor(values))


def hand_network() -> LearningRateNetwork:
    """The hidden layer is relu(a - b, 2 b) of an embedding (a, b), the output their sum less 1."""
    network = LearningRateNetwork(2, (2,), 0.1)
    hidden, output = (m for m in network.mlp if isinstance(m, nn.Linear))
    fill(hidden, [[1.0, -1.0], [0.0, 2.0]], [0.0, 0.0])
    fill(output, [[1.0, 1.0]], [-1.0])
    return network


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_rates_worked_by_hand() -> None:
    users = torch.tensor([[1.0, 1.0], [0.0, -3.0], [0.5, 0.0], [-1.0, -1.0]])
    expected = [0.1 * sigmoid(x) for x in (1.0, 2.0, -0.5, -1.0)]
    assert hand_network()(users).tolist() == pytest.approx(expected, rel=1e-6)


def test_a_network_of_zeros_gives_half_the_largest_rate() -> None:
    network = LearningRateNetwork(3, (4, 2), 0.006)
    for parameter in network.parameters():
        nn.init.zeros_(parameter)
    assert network(torch.randn(5, 3)).tolist() == pytest.approx([0.003] * 5, rel=1e-6)


def test_layers_have_the_widths_of_the_settings() -> None:
    shapes = [tuple(p.shape) for p in LearningRateNetwork(8, (64, 32), 1e-3).parameters()]
    assert shapes == [(64, 8), (64,), (32, 64), (32,), (1, 32), (1,)]


def test_no_hidden_layer_leaves_one_linear_layer() -> None:
    network = LearningRateNetwork(2, (), 1.0)
    fill(network.mlp[0], [[1.0, -1.0]], [0.5])
    assert network(torch.tensor([[-2.0, 1.0]])).item() == pytest.approx(sigmoid(-2.5), rel=1e-6)


@given(
    seed=st.integers(0, 2**32 - 1),
    scale=st.floats(0.01, 10),
    lr_max=st.sampled_from([1e-3, 0.05, 1.0]),
)
def test_rates_lie_between_zero_and_the_largest(seed: int, scale: float, lr_max: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = LearningRateNetwork(6, (64, 32), lr_max)
    rates = network(scale * torch.randn(20, 6, generator=generator))
    assert rates.shape == (20,)
    assert ((rates > 0) & (rates < lr_max)).all()


@pytest.mark.parametrize("scale", [1e6, -1e6])
def test_rates_stay_in_bounds_far_out(scale: float) -> None:
    rates = hand_network()(scale * torch.eye(2))
    assert ((rates >= 0) & (rates <= 0.1)).all()


def gradients(network: LearningRateNetwork, users: Tensor) -> dict[str, Tensor]:
    names, parameters = zip(*network.named_parameters(), strict=True)
    found = torch.autograd.grad(network(users).sum(), (users, *parameters))
    return dict(zip(("users", *names), found, strict=True))


def test_the_gradient_reaches_every_parameter_and_the_embeddings() -> None:
    torch.manual_seed(0)
    network, users = LearningRateNetwork(6, (64, 32), 0.1), torch.randn(5, 6, requires_grad=True)
    found = gradients(network, users)
    assert all(g.any() for g in found.values())
    assert found["users"].any(1).all()


def test_the_gradient_worked_by_hand() -> None:
    """Both hidden units are alive, so the output a - b + 2 b - 1 has the slope 1 in a and b."""
    users = torch.tensor([[1.0, 0.5]], requires_grad=True)
    s = sigmoid(0.5)
    slope = 0.1 * s * (1 - s)
    assert gradients(hand_network(), users)["users"].tolist() == [pytest.approx([slope, slope])]
