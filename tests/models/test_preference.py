"""The preference network: values worked by hand, unknown values, reach of the gradient."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, take_batch
from pipeline_lib.episodes.format import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.methods.base import Problem, build_method
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.models.preference import Embedded, InputSizes, PreferenceNetwork
from pipeline_lib.settings.methods.base import parse_method
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import RatingTask
from tests.worlds import ADAPTS, Adapt

torch.set_num_threads(1)  # on tensors this small a second thread only waits

SIZES = InputSizes(user_features=2, user_values=3, item_features=2, item_values=3)
each_adapt = pytest.mark.parametrize("adapt", ADAPTS)


def make_batch() -> Batch:
    """User 0 has codes 1 and 3, user 1 an unknown one and 2.

    Item 0 has the bags {1, 2}, half each, and {3}, item 1 {} and {1}, item 2 none; item 1 is in no
    row.
    """
    bags = Ragged(torch.tensor([0, 2, 3, 3, 4, 4, 4]))
    weights = torch.tensor([0.5, 0.5, 1.0, 1.0])
    catalogue = Catalogue(bags, torch.tensor([1, 2, 3, 1]), weights, 2)
    support = Rows(Ragged(torch.tensor([0, 1, 3])), torch.tensor([0, 2, 0]), torch.ones(3))
    query = Rows(Ragged(torch.tensor([0, 2, 3])), torch.tensor([2, 0, 0]), torch.ones(3))
    codes = torch.tensor([[1, 3], [0, 2]])
    episodes = Episodes(torch.arange(2), codes, torch.ones(2, 2), support, query)
    return take_batch(episodes, catalogue, torch.arange(2))


def make_numeric_batch() -> Batch:
    """The second feature of users and items is a number, of code 3.

    User 0 has code 1 and -1.5, user 1 code 2 and none, user 2 an unknown one and 0.5. Item 0 has
    the bag {1, 2}, half each, and -2, item 1 {2} and none, item 2 {} and 0.25.
    """
    bags = Ragged(torch.tensor([0, 2, 3, 4, 4, 4, 5]))
    weights = torch.tensor([0.5, 0.5, -2.0, 1.0, 0.25])
    catalogue = Catalogue(bags, torch.tensor([1, 2, 3, 2, 3]), weights, 2)
    rows = Rows(Ragged(torch.arange(4)), torch.arange(3), torch.ones(3))
    codes = torch.tensor([[1, 3], [2, 3], [0, 3]])
    values = torch.tensor([[1.0, -1.5], [1.0, 0.0], [1.0, 0.5]])
    episodes = Episodes(torch.arange(3), codes, values, rows, rows)
    return take_batch(episodes, catalogue, torch.arange(3))


def fill(parameter: Tensor, values: list[object]) -> None:
    with torch.no_grad():
        parameter.copy_(torch.tensor(values))


def make_network(
    size: int, hidden: tuple[int, ...], outputs: int, std: float = 1, sizes: InputSizes = SIZES
) -> PreferenceNetwork:
    torch.manual_seed(0)
    network = Network(embedding_size=size, embedding_std=std, hidden=hidden)
    return PreferenceNetwork(sizes, network, outputs)


def hand_network() -> PreferenceNetwork:
    """One value an embedding: users' codes are worth 1, 2, 3, items' 10, 20, 40.

    Two hidden units and two outputs.
    """
    network = make_network(1, (2,), outputs=2)
    fill(network.user_values.weight, [[0.0], [1.0], [2.0], [3.0]])
    fill(network.item_values.weight, [[0.0], [10.0], [20.0], [40.0]])
    fill(network.first.weight, [[1.0, 0.5, 0.1, 0.2], [-1.0, -1.0, 0.0, 0.1]])
    fill(network.first.bias, [0.5, 0.25])
    (layer,) = network.later_layers
    fill(layer.weight, [[2.0, 4.0], [-1.0, 0.0]])
    fill(layer.bias, [-1.0, 3.0])
    return network


def test_users_are_their_vectors_side_by_side_and_unknown_is_zero() -> None:
    assert hand_network().embed(make_batch()).users.tolist() == [[1, 3], [0, 2]]


def test_users_values_of_a_feature_are_summed_by_their_weights_over_all_slots() -> None:
    """User 0 has codes 1 and 2, half each, and 3, user 1 has 2 and no value of the other."""
    batch = make_batch()
    codes = torch.tensor([[1, 3, 2, 0, 0, 0], [2, 0, 0, 0, 0, 0]])
    values = torch.tensor([[0.5, 1, 0.5, 0, 0, 0], [1, 1, 0, 0, 0, 0]])
    network = hand_network()
    users = network.embed(replace(batch, codes=codes, values=values)).users
    assert users.tolist() == [[1.5, 3], [2, 0]]
    users.sum().backward()
    assert network.user_values.weight.grad is not None
    assert network.user_values.weight.grad.flatten().tolist() == [0, 0.5, 1.5, 1]
    none = replace(batch, codes=codes[:0], values=values[:0])
    assert network.embed(none).users.shape == (0, 2)


def test_items_are_the_means_of_their_bags_and_an_empty_bag_is_zero() -> None:
    batch = make_batch()
    assert batch.items.tolist() == [0, 2]
    assert hand_network().embed(batch).items.tolist() == [[15, 40], [0, 0]]


def test_a_number_is_its_features_vector_times_the_number() -> None:
    embedded = hand_network().embed(make_numeric_batch())
    assert embedded.users.tolist() == [[1, -1.5 * 3], [2, 0], [0, 0.5 * 3]]
    assert embedded.items.tolist() == [[15, -2 * 40], [20, 0], [0, 0.25 * 40]]


def test_the_gradient_of_a_vector_is_what_it_counts_for() -> None:
    """Of the sum of all embeddings: -1.5 + 0.5 of users' code 3, -2 + 0.25 of items'."""
    network = hand_network()
    embedded = network.embed(make_numeric_batch())
    (embedded.users.sum() + embedded.items.sum()).backward()
    for table, expected in (
        (network.user_values, [0, 1, 1, -1]),
        (network.item_values, [0, 0.5, 1.5, -1.75]),
    ):
        assert table.weight.grad is not None
        assert table.weight.grad.flatten().tolist() == expected


def test_the_first_layer_worked_by_hand() -> None:
    """E.g. user 0 with item 0: 1·1 + 0.5·3 + 0.1·15 + 0.2·40 + 0.5 = 12.5."""
    network, batch = hand_network(), make_batch()
    embedded, rows = network.embed(batch), batch.query
    z = network.first_layer(embedded).sums(rows)
    expected = torch.tensor([[3.0, -3.75], [12.5, 0.25], [11.0, 2.25]])
    torch.testing.assert_close(z, expected, rtol=1e-6, atol=1e-6)


def test_the_outputs_worked_by_hand() -> None:
    """E.g. user 0 with item 2: 2·relu(3) + 4·relu(-3.75) - 1 = 5, and -relu(3) + 3 = 0."""
    network, batch = hand_network(), make_batch()
    outputs = network(network.embed(batch), batch.query)
    expected = torch.tensor([[5.0, 0.0], [25.0, -9.5], [30.0, -8.0]])
    torch.testing.assert_close(outputs, expected, rtol=1e-6, atol=1e-6)


def test_the_first_layer_equals_a_linear_layer_on_joined_inputs() -> None:
    network, batch = make_network(4, (5, 3), outputs=1), make_batch()
    embedded, rows = network.embed(batch), batch.support
    joined = torch.cat((embedded.users[rows.user], embedded.items[rows.item]), 1)
    z = network.first_layer(embedded).sums(rows)
    torch.testing.assert_close(z, network.first(joined), rtol=1e-5, atol=1e-6)


def test_layers_have_the_widths_of_the_settings() -> None:
    network = make_network(4, (5, 3), outputs=2)
    shapes = [tuple(p.shape) for layer in network.layers for p in (layer.weight, layer.bias)]
    assert shapes == [(5, 16), (5,), (3, 5), (3,), (2, 3), (2,)]


def test_the_layers_and_the_tables_are_all_there_is() -> None:
    network = make_network(4, (5, 3), outputs=2)
    parts = [network.user_values, network.item_values, *network.layers]
    listed = {id(p) for part in parts for p in part.parameters()}
    assert listed == {id(p) for p in network.parameters()}


@pytest.mark.parametrize("std", [0.01, 1.0])
def test_initial_embeddings_have_the_given_spread_and_unknown_is_zero(std: float) -> None:
    sizes = InputSizes(user_features=1, user_values=500, item_features=1, item_values=500)
    network = make_network(20, (2,), 1, std, sizes)
    for table in (network.user_values.weight, network.item_values.weight):
        assert not table[0].any()
        assert float(table[1:].detach().std()) == pytest.approx(std, rel=0.03)
        assert float(table[1:].detach().mean()) == pytest.approx(0, abs=0.03 * std)


def test_outputs_depend_on_embeddings_alone() -> None:
    """Without any there are the biases: 2·0.5 + 4·0.25 - 1 = 1, and -0.5 + 3 = 2.5."""
    zero = Embedded(torch.zeros(2, 2), torch.zeros(2, 2))
    outputs = hand_network()(zero, make_batch().query)
    torch.testing.assert_close(outputs, torch.tensor([[1.0, 2.5]] * 3), rtol=1e-6, atol=1e-6)


def make_paml(adapt: Adapt) -> AdaptiveLearner:
    raw = {"kind": "paml", "epochs": 1, "users_per_batch": 2, "outer_lr": 0.01}
    settings = parse_method({**raw, "lr_max": 0.1, "lr_hidden": (6, 4), "adapt": adapt})
    network = Network(embedding_size=3, embedding_std=1.0, hidden=(8, 6))
    method = build_method(settings, Problem(SIZES, 3, RatingTask(scale=(1, 5)), network), seed=0)
    assert isinstance(method, AdaptiveLearner)
    return method


@each_adapt
def test_the_outer_gradient_reaches_every_parameter(adapt: Adapt) -> None:
    method = make_paml(adapt)
    method.losses(make_batch()).mean().backward()
    for name, parameter in method.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.any(), name


@each_adapt
def test_the_outer_gradient_reaches_every_value_met_and_never_code_0(adapt: Adapt) -> None:
    method = make_paml(adapt)
    method.losses(make_batch()).mean().backward()
    for table in (method.network.user_values.weight, method.network.item_values.weight):
        assert table.grad is not None
        assert table.grad.any(1).tolist() == [False, True, True, True]


@each_adapt
def test_code_0_stays_zero_while_training(adapt: Adapt) -> None:
    method, batch = make_paml(adapt), make_batch()
    optimiser = torch.optim.Adam(method.parameters(), 0.1, weight_decay=0.1)
    before = [p.detach().clone() for p in method.network.parameters()]
    for _ in range(5):
        optimiser.zero_grad()
        method.losses(batch).mean().backward()
        optimiser.step()
    assert not method.network.user_values.weight[0].any()
    assert not method.network.item_values.weight[0].any()
    assert not any(map(torch.equal, before, method.network.parameters()))
