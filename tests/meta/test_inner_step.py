"""The batched, packed inner step against a plain loop over users."""

from collections.abc import Callable, Sequence
from typing import Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from pipeline_lib.batch import Batch, take_batch
from pipeline_lib.episodes import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.meta.blocks import USERS_PER_BLOCK, make_blocks
from pipeline_lib.meta.inner_step import adapted_scores
from pipeline_lib.methods.adaptive import AdaptiveLearner
from pipeline_lib.methods.base import Problem
from pipeline_lib.methods.build import build_method
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.methods.melu import MeLUSettings
from pipeline_lib.settings.methods.paml import PAMLSettings
from pipeline_lib.settings.network import Network
from tests.meta.per_user_reference import PerUserReference

torch.set_num_threads(1)  # on tensors this small a second thread only waits

Order = Literal["first", "second"]
Counts = Sequence[int]

ORDERS: tuple[Order, ...] = ("first", "second")
SIZES = InputSizes(user_features=2, user_values=5, item_features=3, item_values=9)
LEARNER = {"label": "", "role": "baseline", "epochs": 1, "users_per_batch": 32, "outer_lr": 0.01}

# Each user's support rows and query rows.
CASES: dict[str, tuple[Counts, Counts]] = {
    "one user": ([5], [3]),
    "one user with one row each": ([1], [1]),
    "one support row each": ([1] * 5, [2, 3, 1, 4, 2]),
    "one query row each": ([6, 2, 9, 4], [1] * 4),
    "very different sizes": ([1, 200, 3, 40, 7], [4, 1, 50, 2, 9]),
    "exactly one block": (range(1, USERS_PER_BLOCK + 1), [2] * USERS_PER_BLOCK),
    "one user more than a block": (range(USERS_PER_BLOCK + 1, 0, -1), [3] * (USERS_PER_BLOCK + 1)),
    "three blocks": (
        [1 + 7 * i % 11 for i in range(2 * USERS_PER_BLOCK + 3)],
        [1 + 5 * i % 4 for i in range(2 * USERS_PER_BLOCK + 3)],
    ),
}


def ragged(lengths: Counts) -> Ragged:
    return Ragged(torch.tensor([0, *lengths]).cumsum(0))


def make_catalogue(items: int, generator: torch.Generator) -> Catalogue:
    """The first item has only empty bags, others have bags of 0 to 3 codes."""
    lengths = torch.randint(0, 4, (items, SIZES.item_features), generator=generator)
    lengths[0] = 0
    bags = ragged(lengths.flatten().tolist())
    shape = (int(bags.offsets[-1]),)
    codes = torch.randint(1, SIZES.item_values + 1, shape, generator=generator)
    return Catalogue(bags, codes, SIZES.item_features)


def make_rows(counts: Counts, items: int, generator: torch.Generator) -> Rows:
    item = torch.randint(0, items, (sum(counts),), generator=generator)
    target = torch.randint(1, 6, (sum(counts),), generator=generator)
    return Rows(ragged(counts), item, target.double())


def make_world(
    support: Counts, query: Counts, seed: int = 0, items: int = 12
) -> tuple[Episodes, Catalogue]:
    """Random users, unknown codes among them, over a catalogue that they share."""
    generator = torch.Generator().manual_seed(seed)
    shape = (len(support), SIZES.user_features)
    codes = torch.randint(0, SIZES.user_values + 1, shape, generator=generator)
    parts = (make_rows(counts, items, generator) for counts in (support, query))
    return Episodes(torch.arange(len(codes)), codes, *parts), make_catalogue(items, generator)


def make_learner(
    kind: str, order: Order, rate: float = 0.1, hidden: tuple[int, ...] = (7, 5)
) -> AdaptiveLearner:
    """A double-precision MeLU with this rate, or PAML with rates up to it."""
    chosen: MeLUSettings | PAMLSettings
    if kind == "melu":
        chosen = MeLUSettings.model_validate(
            {**LEARNER, "kind": kind, "inner_lr": rate, "order": order}
        )
    else:
        own = {"kind": kind, "lr_max": rate, "lr_hidden": (6, 4), "order": order}
        chosen = PAMLSettings.model_validate({**LEARNER, **own})
    network = Network(embedding_size=3, embedding_std=1.0, hidden=hidden)
    learner = build_method(chosen, Problem(SIZES, 12, network), seed=0).double()
    assert isinstance(learner, AdaptiveLearner)
    return learner


def whole_batch(episodes: Episodes, catalogue: Catalogue) -> Batch:
    return take_batch(episodes, catalogue, torch.arange(len(episodes)))


def placed_scores(learner: AdaptiveLearner, batch: Batch) -> Tensor:
    """Scores in the order of the fold's query rows."""
    score = learner.predict(batch).score
    return torch.full_like(score, torch.nan).index_copy(0, batch.query.place, score)


def gradients(loss: Tensor, learner: AdaptiveLearner) -> dict[str, Tensor]:
    """The gradient of every parameter, zero where the batch holds no code of a table."""
    names, parameters = zip(*learner.named_parameters(), strict=True)
    found = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
    return dict(zip(names, found, strict=True))


def assert_near(actual: Tensor, expected: Tensor, tolerance: float) -> None:
    """Hold the largest error below `tolerance` times the largest expected value."""
    assert actual.shape == expected.shape
    error, scale = (float(x.abs().max()) for x in ((actual - expected).detach(), expected.detach()))
    assert error <= tolerance * scale, f"error {error:.3g} at a scale of {scale:.3g}"


def assert_equals_reference(
    learner: AdaptiveLearner, episodes: Episodes, catalogue: Catalogue, tolerance: float = 1e-10
) -> None:
    """Compare every score and the outer gradient of every parameter."""
    reference = PerUserReference(
        learner.network, learner.inner_lr, learner.order, episodes, catalogue
    )
    batch = whole_batch(episodes, catalogue)
    expected = torch.cat([reference.scores(user) for user in range(len(episodes))])
    assert_near(placed_scores(learner, batch), expected, tolerance)
    actual = gradients(learner.loss(batch), learner)
    for name, gradient in gradients(reference.loss(), learner).items():
        assert_near(actual[name], gradient, tolerance)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", ["melu", "paml"])
@pytest.mark.parametrize("case", CASES)
def test_scores_and_gradients_equal_the_reference(kind: str, order: Order, case: str) -> None:
    assert_equals_reference(make_learner(kind, order), *make_world(*CASES[case]))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", ["melu", "paml"])
def test_a_large_inner_rate_equals_the_reference(kind: str, order: Order) -> None:
    learner = make_learner(kind, order, rate=0.5)
    assert_equals_reference(learner, *make_world(*CASES["very different sizes"]))


@pytest.mark.parametrize("hidden", [(4,), (6, 5, 4)])
@pytest.mark.parametrize("order", ORDERS)
def test_any_number_of_layers_equals_the_reference(hidden: tuple[int, ...], order: Order) -> None:
    learner = make_learner("paml", order, hidden=hidden)
    assert_equals_reference(learner, *make_world(*CASES["three blocks"]))


@pytest.mark.parametrize("order", ORDERS)
def test_users_who_all_share_two_items_equal_the_reference(order: Order) -> None:
    world = make_world([3, 8, 1, 5], [2, 2, 6, 1], items=2)
    assert_equals_reference(make_learner("paml", order), *world)


def test_items_without_any_code_equal_the_reference() -> None:
    episodes, catalogue = make_world([3, 2], [2, 4], items=1)
    assert len(catalogue.codes) == 0
    assert_equals_reference(make_learner("paml", "second"), episodes, catalogue)


@settings(deadline=None, max_examples=30)
@given(
    counts=st.lists(st.tuples(st.integers(1, 12), st.integers(1, 6)), min_size=1, max_size=12),
    seed=st.integers(0, 2**32 - 1),
    rate=st.floats(1e-6, 0.5),
    kind=st.sampled_from(["melu", "paml"]),
    order=st.sampled_from(ORDERS),
)
def test_any_ragged_shape_equals_the_reference(
    counts: list[tuple[int, int]], seed: int, rate: float, kind: str, order: Order
) -> None:
    support, query = zip(*counts, strict=True)
    assert_equals_reference(make_learner(kind, order, rate), *make_world(support, query, seed))


def test_both_orders_give_the_same_scores() -> None:
    batch = whole_batch(*make_world(*CASES["three blocks"]))
    first, second = (make_learner("paml", order).predict(batch).score for order in ORDERS)
    assert torch.equal(first, second)


def test_the_order_changes_the_gradient_of_the_network_alone() -> None:
    """The errors of the support rows do not depend on the rate, so its gradient is the same."""
    batch = whole_batch(*make_world(*CASES["three blocks"]))
    learners = [make_learner("paml", order) for order in ORDERS]
    first, second = (gradients(learner.loss(batch), learner) for learner in learners)
    relative = {n: float((first[n] - g).norm() / g.norm()) for n, g in second.items()}
    rates = {n for n in relative if n.startswith("learning_rate.mlp.")}
    assert all((relative[n] < 1e-12) if n in rates else (relative[n] > 1e-3) for n in relative)
    assert len(rates) == 6


@pytest.mark.parametrize("order", ORDERS)
def test_an_inner_rate_of_zero_gives_unadapted_scores(order: Order) -> None:
    batch = whole_batch(*make_world(*CASES["three blocks"]))
    network = make_learner("melu", order).network
    embedded = network.embed(batch)
    rates = torch.zeros(len(batch), dtype=torch.float64)
    adapted = adapted_scores(network, embedded, batch, rates, order)
    assert torch.equal(adapted, network(embedded, batch.query))


def test_a_positive_inner_rate_changes_every_score() -> None:
    batch = whole_batch(*make_world(*CASES["three blocks"]))
    learner = make_learner("melu", "second")
    unadapted = learner.network(learner.network.embed(batch), batch.query)
    assert ((learner.predict(batch).score - unadapted).abs() > 1e-6).all()


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_users_changes_no_score(seed: int) -> None:
    episodes, catalogue = make_world(*CASES["three blocks"])
    learner = make_learner("paml", "second")
    order = torch.randperm(len(episodes), generator=torch.Generator().manual_seed(seed))
    expected = placed_scores(learner, whole_batch(episodes, catalogue))
    actual = placed_scores(learner, take_batch(episodes, catalogue, order))
    assert_near(actual, expected, 1e-13)


def single_precision(episodes: Episodes) -> Episodes:
    parts = (Rows(r.users, r.item, r.target.float()) for r in (episodes.support, episodes.query))
    return Episodes(episodes.user, episodes.codes, *parts)


def test_single_precision_is_near_double_precision() -> None:
    """Scores and gradients within 2e-6 of the largest, at up to 200 support rows."""
    episodes, catalogue = make_world(*CASES["very different sizes"])
    learner, batch = make_learner("paml", "second"), whole_batch(episodes, catalogue)
    score, gradient = learner.predict(batch).score, gradients(learner.loss(batch), learner)
    learner.float()
    batch = whole_batch(single_precision(episodes), catalogue)
    single = learner.predict(batch).score
    assert single.dtype == torch.float32
    assert_near(single, score, 2e-6)
    for name, own in gradients(learner.loss(batch), learner).items():
        assert_near(own, gradient[name], 2e-6)


class OperationCount(TorchDispatchMode):
    """Counts the tensor operations carried out, backward ones included."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        self.total += 1
        return func(*args, **(kwargs or {}))


def operations(users: int, order: Order) -> int:
    """Count the operations of one outer step, taking the batch included."""
    episodes, catalogue = make_world(range(2, users + 2), [3] * users)
    learner = make_learner("paml", order)
    count = OperationCount()
    with count:
        learner.loss(whole_batch(episodes, catalogue)).backward()
    return count.total


@pytest.mark.parametrize("order", ORDERS)
def test_operations_do_not_grow_with_the_users_of_a_block(order: Order) -> None:
    counts = {operations(users, order) for users in (2, 5, USERS_PER_BLOCK)}
    assert len(counts) == 1, counts
    assert min(counts) > 100, "nothing was counted"


def test_users_with_like_supports_share_a_block() -> None:
    episodes, catalogue = make_world(*CASES["three blocks"])
    counts = take_batch(episodes, catalogue, torch.arange(len(episodes)).flip(0)).support.counts
    assert counts.tolist() == sorted(CASES["three blocks"][0])


def test_blocks_cover_every_user_and_row_once() -> None:
    batch = whole_batch(*make_world(*CASES["three blocks"]))
    blocks = make_blocks(batch)
    users = torch.arange(len(batch))
    assert torch.equal(torch.cat([users[b.users] for b in blocks]), users)
    for rows, sides in (
        (batch.support, [b.support for b in blocks]),
        (batch.query, [b.query for b in blocks]),
    ):
        places = torch.arange(len(rows.item))
        assert torch.equal(torch.cat([places[side.rows] for side in sides]), places)


def test_padding_and_unpadding_gives_the_rows_back() -> None:
    batch = whole_batch(*make_world(*CASES["very different sizes"]))
    values = torch.randn(len(batch.support.item), 3, generator=torch.Generator().manual_seed(0))
    (block,) = make_blocks(batch)
    padded = block.support.pad(values)
    assert padded.shape == (5, 200, 3)
    assert torch.equal(block.support.unpad(padded), values)
    assert padded.count_nonzero() == values.count_nonzero()
