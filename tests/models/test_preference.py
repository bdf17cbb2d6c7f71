"""The preference network: values worked by hand, unknown values, reach of the gradient."""

import pytest
import torch
from torch import Tensor

from pipeline_lib.batch import Batch, take_batch
from pipeline_lib.episodes import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.methods.base import Problem
from pipeline_lib.methods.build import build_method
from pipeline_lib.methods.paml import PAML
from pipeline_lib.models.preference import Embedded, InputSizes, PreferenceNetwork
from pipeline_lib.settings.methods.paml import PAMLSettings
from pipeline_lib.settings.network import Network

SIZES = InputSizes(user_features=2, user_values=3, item_features=2, item_values=3)


def make_batch() -> Batch:
    """User 0 has codes 1 and 3, user 1 an unknown one and 2.

    Item 0 has the bags {1, 2} and {3}, item 1 {} and {1}, item 2 none; item 1 is in no row.
    """
    bags = Ragged(torch.tensor([0, 2, 3, 3, 4, 4, 4]))
    catalogue = Catalogue(bags, torch.tensor([1, 2, 3, 1]), 2)
    support = Rows(Ragged(torch.tensor([0, 1, 3])), torch.tensor([0, 2, 0]), torch.ones(3))
    query = Rows(Ragged(torch.tensor([0, 2, 3])), torch.tensor([2, 0, 0]), torch.ones(3))
    codes = torch.tensor([[1, 3], [0, 2]])
    return take_batch(Episodes(torch.arange(2), codes, support, query), catalogue, torch.arange(2))


def fill(parameter: Tensor, values: list[object]) -> None:
    with torch.no_grad():
        parameter.copy_(torch.tensor(values))


def hand_network(hidden: tuple[int, ...] = (2,)) -> PreferenceNetwork:
    """One value an embedding: users' codes are worth 1, 2, 3, items' 10, 20, 40."""
    network = PreferenceNetwork(SIZES, 1, 1.0, hidden)
    fill(network.user_values.weight, [[0.0], [1.0], [2.0], [3.0]])
    fill(network.item_values.weight, [[0.0], [10.0], [20.0], [40.0]])
    fill(network.first.weight, [[1.0, 0.5, 0.1, 0.2], [-1.0, -1.0, 0.0, 0.1]])
    fill(network.first.bias, [0.5, 0.25])
    return network


def two_layers() -> PreferenceNetwork:
    network = hand_network()
    (layer,) = network.later.children()
    weight, bias = layer.parameters()
    fill(weight, [[2.0, 4.0]])
    fill(bias, [-1.0])
    return network


def test_users_are_their_vectors_side_by_side_and_unknown_is_zero() -> None:
    assert hand_network().embed(make_batch()).users.tolist() == [[1, 3], [0, 2]]


def test_items_are_the_means_of_their_bags_and_an_empty_bag_is_zero() -> None:
    batch = make_batch()
    assert batch.items.tolist() == [0, 2]
    assert hand_network().embed(batch).items.tolist() == [[15, 40], [0, 0]]


def test_the_first_layer_worked_by_hand() -> None:
    """E.g. user 0 with item 0: 1·1 + 0.5·3 + 0.1·15 + 0.2·40 + 0.5 = 12.5."""
    network, batch = hand_network(), make_batch()
    z = network.first_layer(network.embed(batch), batch.query)
    expected = torch.tensor([[3.0, -3.75], [12.5, 0.25], [11.0, 2.25]])
    torch.testing.assert_close(z, expected, rtol=1e-6, atol=1e-6)


def test_the_score_worked_by_hand() -> None:
    """E.g. user 0 with item 2: 2·relu(3) + 4·relu(-3.75) - 1 = 5."""
    network, batch = two_layers(), make_batch()
    score = network(network.embed(batch), batch.query)
    torch.testing.assert_close(score, torch.tensor([5.0, 25.0, 30.0]), rtol=1e-6, atol=1e-6)


def test_the_first_layer_equals_a_linear_layer_on_joined_inputs() -> None:
    torch.manual_seed(0)
    network, batch = PreferenceNetwork(SIZES, 4, 1.0, (5, 3)), make_batch()
    embedded, rows = network.embed(batch), batch.support
    joined = torch.cat((embedded.users[rows.user], embedded.items[rows.item]), 1)
    z = network.first_layer(embedded, rows)
    torch.testing.assert_close(z, network.first(joined), rtol=1e-5, atol=1e-6)


def test_layers_have_the_widths_of_the_settings() -> None:
    network = PreferenceNetwork(SIZES, 4, 1.0, (5, 3))
    shapes = [tuple(p.shape) for p in (network.first.weight, *network.later.parameters())]
    assert shapes == [(5, 16), (3, 5), (3,), (1, 3), (1,)]


@pytest.mark.parametrize("std", [0.01, 1.0])
def test_initial_embeddings_have_the_given_spread_and_unknown_is_zero(std: float) -> None:
    sizes = InputSizes(user_features=1, user_values=500, item_features=1, item_values=500)
    torch.manual_seed(0)
    network = PreferenceNetwork(sizes, 20, std, (2,))
    for table in (network.user_values.weight, network.item_values.weight):
        assert not table[0].any()
        assert float(table[1:].detach().std()) == pytest.approx(std, rel=0.03)
        assert float(table[1:].detach().mean()) == pytest.approx(0, abs=0.03 * std)


def test_scores_depend_on_embeddings_alone() -> None:
    network, batch = two_layers(), make_batch()
    zero = Embedded(torch.zeros(2, 2), torch.zeros(2, 2))
    score = network(zero, batch.query)
    torch.testing.assert_close(score, torch.tensor([1.0, 1.0, 1.0]), rtol=1e-6, atol=1e-6)


def make_paml() -> PAML:
    raw = {"kind": "paml", "label": "", "role": "proposed", "epochs": 1, "users_per_batch": 2}
    raw |= {"outer_lr": 0.01, "lr_max": 0.1, "lr_hidden": (6, 4), "order": "second"}
    network = Network(embedding_size=3, embedding_std=1.0, hidden=(8, 6))
    method = build_method(PAMLSettings.model_validate(raw), Problem(SIZES, 3, network), seed=0)
    assert isinstance(method, PAML)
    return method


def test_the_outer_gradient_reaches_every_parameter() -> None:
    method = make_paml()
    method.loss(make_batch()).backward()
    for name, parameter in method.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name


def test_the_outer_gradient_reaches_every_value_met_and_never_code_0() -> None:
    method = make_paml()
    method.loss(make_batch()).backward()
    for table in (method.network.user_values.weight, method.network.item_values.weight):
        assert table.grad is not None
        assert table.grad.any(1).tolist() == [False, True, True, True]


def test_code_0_stays_zero_while_training() -> None:
    method, batch = make_paml(), make_batch()
    optimiser = torch.optim.Adam(method.parameters(), 0.1, weight_decay=0.1)
    before = [p.detach().clone() for p in method.network.parameters()]
    for _ in range(5):
        optimiser.zero_grad()
        method.loss(batch).backward()
        optimiser.step()
    assert not method.network.user_values.weight[0].any()
    assert not method.network.item_values.weight[0].any()
    assert not any(map(torch.equal, before, method.network.parameters()))
