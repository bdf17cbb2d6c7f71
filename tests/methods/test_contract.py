"""What holds for every kind of method."""

import dataclasses
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
import torch
import yaml
from torch import Tensor

from pipeline_lib.batch import Batch, take_batch
from pipeline_lib.episodes import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.methods.base import ClosedForm, Learner, Method, Problem
from pipeline_lib.methods.build import build_method
from pipeline_lib.methods.fold import fold_mse, predict_fold
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.methods.base import LearnerSettings, MethodSettings
from pipeline_lib.settings.methods.parse import known_kinds, settings_class
from pipeline_lib.settings.network import Network
from pipeline_lib.tensors import read_tensors, write_tensors
from pipeline_lib.training.fit import Epoch, Folds, fit

torch.set_num_threads(1)  # on tensors this small a second thread only waits

METHODS = Path(__file__).parents[2] / "config" / "methods"
# The files' rates need the real logs' size.
FASTER: dict[str, object] = {
    "epochs": 12,
    "users_per_batch": 8,
    "outer_lr": 0.01,
    "inner_lr": 0.01,
    "lr_max": 0.1,
    "lr_hidden": [6, 4],
}
LEARNERS = [k for k in known_kinds() if issubclass(settings_class(k), LearnerSettings)]

SIZES = InputSizes(user_features=2, user_values=8, item_features=2, item_values=8)
NETWORK = Network(embedding_size=4, embedding_std=0.3, hidden=(8, 6))
ITEMS, UNSEEN_ITEMS = 40, 4
PROBLEM = Problem(SIZES, ITEMS, NETWORK)


def ragged(lengths: Sequence[int]) -> Ragged:
    return Ragged(torch.tensor([0, *lengths]).cumsum(0))


def draw_codes(count: int, generator: torch.Generator) -> Tensor:
    """Two features: one of the codes 1 to 4, one of the codes 5 to 8."""
    return torch.randint(1, 5, (count, 2), generator=generator) + torch.tensor([0, 4])


ITEM_CODES = draw_codes(ITEMS, torch.Generator().manual_seed(0))
# The last item's bags are empty.
CATALOGUE = Catalogue(ragged([*[1] * (2 * ITEMS - 2), 0, 0]), ITEM_CODES.flatten()[:-2], 2)


def make_rows(counts: Sequence[int], codes: Tensor, items: int, seed: int) -> Rows:
    """Ratings that rise with the first code of the user and that of the item."""
    generator = torch.Generator().manual_seed(seed)
    users = ragged(counts)
    _, owner, _ = users.take(torch.arange(len(counts)))
    item = torch.randint(0, items, (len(owner),), generator=generator)
    noise = 0.3 * torch.randn(len(owner), generator=generator)
    return Rows(users, item, 0.5 + 0.5 * (codes[owner, 0] + ITEM_CODES[item, 0]) + noise)


def make_episodes(users: int, items: int, seed: int) -> Episodes:
    """Users with 1 to 7 support rows and 1 to 4 query rows."""
    generator = torch.Generator().manual_seed(seed)
    codes = draw_codes(users, generator)
    support = make_rows([1 + i % 7 for i in range(users)], codes, items, seed + 1)
    query = make_rows([1 + i % 4 for i in range(users)], codes, items, seed + 2)
    return Episodes(torch.arange(users), codes, support, query)


FOLDS = Folds(
    make_episodes(40, ITEMS - UNSEEN_ITEMS, seed=10),
    make_episodes(8, ITEMS - UNSEEN_ITEMS, seed=20),
    CATALOGUE,
)
TEST = make_episodes(23, ITEMS, seed=30)


def read_settings(kind: str) -> MethodSettings:
    """The settings in the kind's own file, the rates apart."""
    raw = yaml.safe_load((METHODS / f"{kind}.yaml").read_text(encoding="utf-8"))
    assert raw["kind"] == kind
    return settings_class(kind).model_validate({k: FASTER.get(k, v) for k, v in raw.items()})


def build(kind: str, seed: int = 0) -> Method:
    return build_method(read_settings(kind), PROBLEM, seed)


def train(kind: str, seed: int = 0) -> tuple[Method, list[Epoch]]:
    method = build(kind, seed)
    return method, fit(method, read_settings(kind), FOLDS, seed, lambda _: None)


train_once = cache(train)


def trained(kind: str) -> Method:
    """One trained method a kind, shared by the tests that only read it."""
    return train_once(kind)[0]


def state_bytes(method: Method) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in method.state_dict().items()}


def take(episodes: Episodes, users: Sequence[int]) -> Batch:
    return take_batch(episodes, CATALOGUE, torch.tensor(users))


def predict(method: Method, episodes: Episodes) -> Tensor:
    score, _ = predict_fold(method, episodes, CATALOGUE)
    return score


def rated(rows: Rows, value: float) -> Rows:
    """The same rows, all with this target."""
    return dataclasses.replace(rows, target=torch.full_like(rows.target, value))


def unseen(rows: Rows) -> Rows:
    """The same users' rows on items never met, the one without features among them."""
    item = ITEMS - 1 - rows.item % UNSEEN_ITEMS
    assert ITEMS - 1 in item
    return dataclasses.replace(rows, item=item)


@pytest.mark.parametrize("kind", known_kinds())
class TestEveryMethod:
    def test_is_a_baseline_or_a_learner(self, kind: str) -> None:
        assert isinstance(build(kind), Learner if kind in LEARNERS else ClosedForm)

    def test_trains_to_finite_weights(self, kind: str) -> None:
        values = trained(kind).state_dict().values()
        assert all(value.isfinite().all() for value in values)

    def test_the_same_seed_gives_the_same_bytes(self, kind: str) -> None:
        assert state_bytes(train(kind)[0]) == state_bytes(trained(kind))

    def test_the_seed_changes_learners_alone(self, kind: str) -> None:
        same = state_bytes(train(kind, seed=1)[0]) == state_bytes(trained(kind))
        assert same == (kind not in LEARNERS)

    def test_a_saved_state_gives_the_same_predictions(self, kind: str, tmp_path: Path) -> None:
        path = tmp_path / "weights.safetensors"
        write_tensors(trained(kind).state_dict(), path)
        loaded = build(kind, seed=1)
        loaded.load_state_dict(read_tensors(path))
        expected = predict_fold(trained(kind), TEST, CATALOGUE)
        actual = predict_fold(loaded, TEST, CATALOGUE)
        for left, right in zip(actual, expected, strict=True):
            torch.testing.assert_close(left, right, rtol=0, atol=0, equal_nan=True)

    def test_every_query_row_gets_a_finite_score(self, kind: str) -> None:
        score = predict(trained(kind), TEST)
        assert score.shape == TEST.query.target.shape
        assert score.isfinite().all()

    def test_users_with_one_support_row_get_finite_scores(self, kind: str) -> None:
        batch = take(TEST, [0, 7, 14])
        assert batch.support.counts.tolist() == [1, 1, 1]
        assert trained(kind).predict(batch).score.isfinite().all()

    def test_unknown_features_get_finite_scores(self, kind: str) -> None:
        unknown = dataclasses.replace(TEST, codes=torch.zeros_like(TEST.codes))
        assert predict(trained(kind), unknown).isfinite().all()

    def test_items_never_met_get_finite_scores(self, kind: str) -> None:
        other = dataclasses.replace(TEST, support=unseen(TEST.support), query=unseen(TEST.query))
        assert predict(trained(kind), other).isfinite().all()

    def test_an_untrained_method_predicts(self, kind: str) -> None:
        assert predict(build(kind), TEST).isfinite().all()

    def test_scores_do_not_depend_on_the_other_users(self, kind: str) -> None:
        """Only the order of float32 sums may differ: within 1e-5 on a scale of 5."""
        together = predict(trained(kind), TEST)
        for user in range(len(TEST)):
            batch = take(TEST, [user])
            alone = trained(kind).predict(batch).score
            torch.testing.assert_close(alone, together[batch.query.place], rtol=0, atol=1e-5)

    def test_predicting_changes_no_state(self, kind: str) -> None:
        method = trained(kind)
        before, random = state_bytes(method), torch.get_rng_state()
        first, second = predict(method, TEST), predict(method, TEST)
        assert torch.equal(first, second)
        assert state_bytes(method) == before
        assert torch.equal(torch.get_rng_state(), random)

    def test_query_targets_do_not_touch_predictions(self, kind: str) -> None:
        expected = predict(trained(kind), TEST)
        for value in (1.0, torch.nan):
            other = dataclasses.replace(TEST, query=rated(TEST.query, value))
            assert torch.equal(predict(trained(kind), other), expected)

    def test_an_inner_rate_is_positive_where_there_is_one(self, kind: str) -> None:
        rates = trained(kind).predict(take(TEST, range(len(TEST)))).inner_lr
        assert (rates is None) == (kind not in LEARNERS)
        if rates is not None:
            assert rates.shape == (len(TEST),)
            assert (rates > 0).all()


@pytest.mark.parametrize("kind", LEARNERS)
class TestEveryLearner:
    def test_the_seed_alone_gives_the_initial_weights(self, kind: str) -> None:
        assert state_bytes(build(kind, seed=3)) == state_bytes(build(kind, seed=3))
        assert state_bytes(build(kind, seed=4)) != state_bytes(build(kind, seed=3))

    def test_training_loss_falls(self, kind: str) -> None:
        _, history = train_once(kind)
        assert history[-1].train_loss < 0.5 * history[0].train_loss

    def test_learns_more_than_the_global_mean(self, kind: str) -> None:
        methods = [trained(k) for k in (kind, "global-mean")]
        errors = [fold_mse(method, FOLDS.validation, CATALOGUE) for method in methods]
        assert errors[0] < errors[1]

    def test_support_targets_move_the_scores(self, kind: str) -> None:
        others = [dataclasses.replace(TEST, support=rated(TEST.support, r)) for r in (1.0, 5.0)]
        low, high = (predict(trained(kind), other) for other in others)
        assert (low != high).all()

    def test_the_loss_is_a_scalar_with_a_gradient_for_every_parameter(self, kind: str) -> None:
        method = build(kind)
        assert isinstance(method, Learner)
        loss = method.loss(take(FOLDS.train, range(40)))
        assert loss.shape == ()
        loss.backward()
        assert all(p.grad is not None and p.grad.any() for p in method.parameters())
