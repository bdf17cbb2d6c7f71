"""The in-context learner against its equations: each query row alone, in float64."""

from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor
from torch.nn.functional import layer_norm

from pipeline_lib.episodes.format import Rows
from pipeline_lib.methods import in_context
from pipeline_lib.methods.base import Problem, build_method
from pipeline_lib.methods.in_context import InContext
from pipeline_lib.models.transformer import SetLayer
from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.methods.base import parse_method
from pipeline_lib.settings.network import Network
from tests.meta.per_user_reference import (
    PerUserReference,
    assert_follows,
    assert_near,
    own,
)
from tests.worlds import CASES, HEADS, ITEMS, SIZES, Setup, World

torch.set_num_threads(1)  # on tensors this small a second thread only waits

WIDTH, HEADS_OF_ATTENTION, LAYERS = 6, 2, 2
RAW = {
    "kind": "in-context",
    "epochs": 1,
    "users_per_batch": 32,
    "outer_lr": 0.01,
    "width": WIDTH,
    "heads": HEADS_OF_ATTENTION,
    "layers": LAYERS,
}


@dataclass(frozen=True)
class Reference(PerUserReference):
    """Each query row is alone with the user's support rows; each token attends by itself."""

    def loss(self, user: int) -> Tensor:
        return self._loss(self.parameters, user, self.world.episodes.query)

    def scores(self) -> Tensor:
        query, users = self.world.episodes.query, range(len(self.world.episodes))
        return self._score(torch.cat([self._outputs(None, user, query) for user in users]))

    def _outputs(self, _theta: object, user: int, rows: Rows) -> Tensor:
        items, targets = own(self.world.episodes.support, user)
        support = [
            self._token(user, int(item)) + self._layer("target", target[None])
            for item, target in zip(items, targets, strict=True)
        ]
        return torch.stack(
            [self._output(self._token(user, item), support) for item in own(rows, user)[0].tolist()]
        )

    def _output(self, query: Tensor, support: list[Tensor]) -> Tensor:
        for number in range(LAYERS):
            query, support = (
                self._step(number, query, [*support, query]),
                [self._step(number, token, support) for token in support],
            )
        return self._layer("output.1", self._norm("output.0", query))

    def _step(self, number: int, token: Tensor, seen: list[Tensor]) -> Tensor:
        name = f"layers.{number}"
        token = token + self._layer(f"{name}.joined", self._attend(name, token, seen))
        wide = self._layer(f"{name}.wide", self._norm(f"{name}.norms.1", token))
        gelu = wide * (1 + torch.erf(wide / 2**0.5)) / 2
        return token + self._layer(f"{name}.narrow", gelu)

    def _attend(self, name: str, token: Tensor, seen: list[Tensor]) -> Tensor:
        def project(x: Tensor) -> Tensor:
            weight = self.parameters[f"{name}.projection.weight"].view(3, WIDTH, WIDTH)
            return weight @ self._norm(f"{name}.norms.0", x)

        asked, heads, size = project(token)[0], [], WIDTH // HEADS_OF_ATTENTION
        for head in range(HEADS_OF_ATTENTION):
            part = slice(head * size, (head + 1) * size)
            weights = [(asked[part] @ project(x)[1][part] / size**0.5).exp() for x in seen]
            values = [w * project(x)[2][part] for w, x in zip(weights, seen, strict=True)]
            heads.append(torch.stack(values).sum(0) / torch.stack(weights).sum())
        return torch.cat(heads)

    def _token(self, user: int, item: int) -> Tensor:
        vectors = self._user(self.parameters, user), self._item(self.parameters, item)
        return self._layer("token", torch.cat(vectors))

    def _norm(self, name: str, x: Tensor) -> Tensor:
        weight, bias = (self.parameters[f"{name}.{part}"] for part in ("weight", "bias"))
        return layer_norm(x, (WIDTH,), weight, bias)

    def _layer(self, name: str, x: Tensor) -> Tensor:
        return self.parameters[f"{name}.weight"] @ x + self.parameters[f"{name}.bias"]


def build(setup: Setup) -> InContext:
    task, head = HEADS[setup.head]
    network = Network(embedding_size=3, embedding_std=1.0, hidden=setup.hidden, head=head)
    learner = build_method(parse_method(RAW), Problem(SIZES, ITEMS, task, network), 0).double()
    assert isinstance(learner, InContext)
    return learner


def assert_as_the_equations_say(learner: InContext, setup: Setup, world: World) -> None:
    assert_follows(learner, Reference(setup, world, dict(learner.named_parameters())), world)


@pytest.mark.parametrize(
    ("head", "case"),
    [
        pytest.param("rating value", "one user more than a block", marks=pytest.mark.slow),
        ("rating value", "one query row each"),
        ("rating levels", "some users without support rows"),
        ("click value", "no support row at all"),
        ("click levels", "one user with one row each"),
    ],
)
def test_scores_losses_and_outer_gradients(head: str, case: str) -> None:
    setup = Setup(head=head)
    world = setup.world(*CASES[case]).with_slots()
    assert_as_the_equations_say(build(setup), setup, world)


SETUP = Setup()
WORLD = SETUP.world([3, 0, 2, 4], [1, 3, 2, 1])


def test_a_query_row_that_sees_another_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def everything(*args: object) -> list[Tensor]:
        return [torch.ones_like(sees) for sees in who_sees(*args)]  # type: ignore[arg-type]

    who_sees = in_context._who_sees
    assert_as_the_equations_say(build(SETUP), SETUP, WORLD)
    monkeypatch.setattr(in_context, "_who_sees", everything)
    with pytest.raises(AssertionError, match="at a scale of"):
        assert_as_the_equations_say(build(SETUP), SETUP, WORLD)


def test_float32_inside_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def single(self: SetLayer, x: Tensor, sees: Tensor) -> Tensor:
        return attend(self, x.float().double(), sees)

    attend = SetLayer._attend
    monkeypatch.setattr(SetLayer, "_attend", single)
    with pytest.raises(AssertionError, match="at a scale of"):
        assert_as_the_equations_say(build(SETUP), SETUP, WORLD)


def test_the_order_of_support_rows_does_not_matter() -> None:
    rows = WORLD.episodes.support
    _, owner, _ = rows.users.take(torch.arange(len(WORLD.episodes)))
    order = (owner * len(owner) - torch.arange(len(owner))).argsort()  # each user's backwards
    turned = replace(rows, item=rows.item[order], target=rows.target[order])
    assert not torch.equal(turned.item, rows.item)
    other = replace(WORLD, episodes=replace(WORLD.episodes, support=turned))
    scores = [build(SETUP).predict(world.batch()).score for world in (WORLD, other)]
    assert_near(scores[1], scores[0], 1e-12)


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(SettingsError, match="heads: must divide width 6, but is 4"):
        parse_method(RAW | {"heads": 4})
