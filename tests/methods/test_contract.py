"""What holds for every kind of method."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from _pytest.mark import ParameterSet

from pipeline_lib.episodes.format import Episodes
from pipeline_lib.methods.at_paml import ATPAML
from pipeline_lib.methods.base import INNER_LR, ClosedForm, Learner, Method
from pipeline_lib.methods.predict import predict_fold, validate
from pipeline_lib.settings.methods.base import known_kinds
from pipeline_lib.storage.tensors import read_tensors, write_tensors
from pipeline_lib.training.record import EpochRecord
from tests.methods.world import (
    ADAPTIVE,
    CATALOGUE,
    LEARNERS,
    RATINGS,
    WORLDS,
    World,
    build,
    is_rare,
    predict,
    rated,
    state_bytes,
    take,
    take_all,
    train,
    train_once,
    trained,
    unseen,
    without_rows,
    without_support,
)

FOLDS, TEST = RATINGS.folds, RATINGS.test
Changes = dict[str, Any]


def group(episodes: Episodes, *, rare: bool) -> list[int]:
    users: list[int] = (is_rare(episodes.codes) == rare).nonzero()[:, 0].tolist()
    return users


def group_loss(method: Method, world: World, *, rare: bool) -> float:
    """The loss of the training users of one group."""
    batch = take(world.folds.train, group(world.folds.train, rare=rare))
    assert isinstance(method, Learner)
    return float(method.losses(batch).detach().mean())


def assert_a_copy_predicts_the_same(method: Method, copy: Method, world: World, at: Path) -> None:
    write_tensors(method.state_dict(), at / "weights")
    copy.load_state_dict(read_tensors(at / "weights"))
    expected, actual = (predict_fold(m, world.test, CATALOGUE) for m in (method, copy))
    torch.testing.assert_close(actual, expected, rtol=0, atol=0)


@pytest.mark.parametrize("kind", known_kinds())
class TestEveryMethod:
    def test_is_a_baseline_or_a_learner(self, kind: str) -> None:
        assert isinstance(build(kind), Learner if kind in LEARNERS else ClosedForm)

    def test_trains_to_finite_weights(self, kind: str) -> None:
        values = trained(kind).state_dict().values()
        assert all(value.isfinite().all() for value in values)

    def test_the_same_seed_gives_the_same_bytes_and_another_other_learners(self, kind: str) -> None:
        one: Changes = {"epochs": 1} if kind in LEARNERS else {}
        first, again, other = (state_bytes(train(kind, seed=s, **one)[0]) for s in (0, 0, 1))
        assert first == again
        assert (first == other) == (kind not in LEARNERS)

    def test_a_saved_state_gives_the_same_predictions(self, kind: str, tmp_path: Path) -> None:
        assert_a_copy_predicts_the_same(trained(kind), build(kind, seed=1), RATINGS, tmp_path)

    @pytest.mark.parametrize("task", ["rating", "click"])
    def test_every_query_row_gets_a_finite_score(self, kind: str, task: str) -> None:
        world = World(task)
        score = predict(trained(kind, world), world.test)
        assert score.shape == world.test.query.target.shape
        assert score.isfinite().all()

    def test_users_with_one_support_row_get_finite_scores(self, kind: str) -> None:
        batch = take(TEST, [0, 7, 14])
        assert batch.support.counts.tolist() == [1, 1, 1]
        assert trained(kind).predict(batch).score.isfinite().all()

    @pytest.mark.parametrize("rare", [False, True])
    def test_major_and_minor_users_get_finite_scores(self, kind: str, rare: bool) -> None:
        users = group(TEST, rare=rare)
        assert len(users) > 5
        prediction = trained(kind).predict(take(TEST, users))
        assert prediction.score.isfinite().all()
        assert all(values.isfinite().all() for values in prediction.diagnostics.values())

    @pytest.mark.parametrize("unknown", [[0], [1], [0, 1, 2]])
    def test_unknown_features_get_finite_scores(self, kind: str, unknown: list[int]) -> None:
        codes = TEST.codes.index_fill(1, torch.tensor(unknown), 0)
        assert predict(trained(kind), dataclasses.replace(TEST, codes=codes)).isfinite().all()

    def test_slots_that_nobody_fills_change_no_score(self, kind: str) -> None:
        empty = torch.zeros_like(TEST.codes)
        codes = torch.cat([TEST.codes, empty, empty], 1)
        values = torch.cat([TEST.values, empty.float(), empty.float()], 1)
        other = dataclasses.replace(TEST, codes=codes, values=values)
        assert torch.equal(predict(trained(kind), other), predict(trained(kind), TEST))

    def test_items_never_met_get_finite_scores(self, kind: str) -> None:
        other = dataclasses.replace(TEST, support=unseen(TEST.support), query=unseen(TEST.query))
        assert predict(trained(kind), other).isfinite().all()

    def test_an_untrained_method_predicts(self, kind: str) -> None:
        assert predict(build(kind), TEST).isfinite().all()

    def test_scores_do_not_depend_on_the_other_users(self, kind: str) -> None:
        """Only the order of float32 sums may differ: within 1e-5 on a scale of 5."""
        together = predict(trained(kind), TEST)
        for user in range(0, len(TEST), 4):
            batch = take(TEST, [user])
            alone = trained(kind).predict(batch).score
            torch.testing.assert_close(alone, together[batch.query.position], rtol=0, atol=1e-5)

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

    def test_diagnostics_are_of_each_user_and_a_rate_is_positive(self, kind: str) -> None:
        diagnostics = trained(kind).predict(take_all(TEST)).diagnostics
        assert all(values.shape == (len(TEST),) for values in diagnostics.values())
        assert (diagnostics.get(INNER_LR, torch.ones(1)) > 0).all()


@pytest.mark.parametrize("kind", LEARNERS)
class TestEveryLearner:
    def test_the_seed_alone_gives_the_initial_weights(self, kind: str) -> None:
        assert state_bytes(build(kind, seed=3)) == state_bytes(build(kind, seed=3))
        assert state_bytes(build(kind, seed=4)) != state_bytes(build(kind, seed=3))

    def test_training_loss_falls(self, kind: str) -> None:
        _, history = train_once(kind, RATINGS)
        assert history[-1].train_loss < 0.5 * history[0].train_loss

    @pytest.mark.parametrize(
        "world",
        [RATINGS, *(pytest.param(world, marks=pytest.mark.slow) for world in WORLDS[1:])],
        ids=str,
    )
    def test_learns_more_than_the_global_mean(self, kind: str, world: World) -> None:
        folds = world.folds
        own, mean = (
            validate(method, folds.validation, CATALOGUE, folds.task).loss
            for method in (train_once(kind, world)[0], trained("global-mean", world))
        )
        assert own < mean

    def test_support_targets_move_the_scores(self, kind: str) -> None:
        others = [dataclasses.replace(TEST, support=rated(TEST.support, r)) for r in (1.0, 5.0)]
        low, high = (predict(trained(kind), other) for other in others)
        assert (low != high).all()

    def test_query_targets_move_the_loss(self, kind: str) -> None:
        other = dataclasses.replace(TEST, query=rated(TEST.query, 9.0))
        learner = build(kind)
        assert isinstance(learner, Learner)
        left, right = (learner.losses(take_all(episodes)) for episodes in (TEST, other))
        assert not torch.isclose(left, right).any()

    @pytest.mark.parametrize("adapt", ["decision", "all"])
    def test_the_losses_are_the_users_and_have_a_gradient_for_every_parameter(
        self, kind: str, adapt: str
    ) -> None:
        changes: Changes = {"adapt": adapt} if kind in ADAPTIVE else {}
        method = build(kind, **changes)
        assert isinstance(method, Learner)
        if isinstance(method, ATPAML):  # its network has no part in the warm-up
            method.losses(take_all(TEST))
            method.after_step(method.trace())
            method.begin_epoch(99)
        losses = method.losses(take_all(FOLDS.train))
        assert losses.shape == (40,)
        losses.mean().backward()
        assert all(p.grad is not None and p.grad.any() for p in method.parameters())


def cells() -> list[ParameterSet]:
    """Each learner on each task with each head, and with each way to adapt on two of these.

    By default those with layers with all ways at once on one of these, and the others on clicks.
    """
    ways: dict[str, Changes] = {
        "2 steps": {"inner_steps": 2},
        "all": {"adapt": "all"},
        "first": {"order": "first"},
        "2 steps, all, first": {"inner_steps": 2, "adapt": "all", "order": "first"},
    }
    found: list[tuple[str, World, str, Changes]] = [
        (kind, world, "as it is", {}) for kind in LEARNERS for world in WORLDS
    ]
    found += [
        (kind, world, way, changes)
        for kind in ADAPTIVE
        for world in (WORLDS[0], WORLDS[-1])
        for way, changes in ways.items()
        if (kind, way) != ("transfer", "first")  # it knows no other order
    ]
    default = {("2 steps, all, first", k): WORLDS[-(i % 2)] for i, k in enumerate(ADAPTIVE)}
    default |= {("as it is", k): WORLDS[-1] for k in LEARNERS if k not in ADAPTIVE}
    default |= {("as it is", "transfer"): WORLDS[-1]}  # it knows no other order
    return [
        pytest.param(
            kind,
            world,
            changes,
            id=f"{kind}, {world}, {way}",
            marks=() if default.get((way, kind)) == world else pytest.mark.slow,
        )
        for kind, world, way, changes in found
    ]


def short(kind: str, world: World, changes: Changes) -> tuple[Method, list[EpochRecord]]:
    return train_once(kind, world, **{"epochs": 5} | changes)


@pytest.mark.parametrize(("kind", "world", "changes"), cells())
class TestEverySetting:
    def test_training_loss_falls_for_major_and_minor_users(
        self, kind: str, world: World, changes: Changes
    ) -> None:
        method, history = short(kind, world, changes)
        assert history[-1].train_loss < history[0].train_loss
        for rare in (False, True):
            before = build(kind, world, **changes)
            assert group_loss(method, world, rare=rare) < group_loss(before, world, rare=rare)

    def test_a_saved_state_gives_the_same_predictions(
        self, kind: str, world: World, changes: Changes, tmp_path: Path
    ) -> None:
        method, _ = short(kind, world, changes)
        copy = build(kind, world, seed=1, **changes)
        assert_a_copy_predicts_the_same(method, copy, world, tmp_path)

    def test_scores_are_in_the_range_of_the_head(
        self, kind: str, world: World, changes: Changes
    ) -> None:
        method, _ = short(kind, world, changes)
        codes = world.test.codes.index_fill(1, torch.tensor([0]), 0)
        for episodes in (world.test, dataclasses.replace(world.test, codes=codes)):
            score = predict(method, episodes)
            assert score.isfinite().all()
            if world.task == "click":
                within = kind not in ADAPTIVE  # what is linear is cut off
                assert ((score > -within) & (score < 1 + within)).all()
                assert score.clamp(0, 1).equal(score)
            elif world.head == "levels" and kind in ADAPTIVE:
                assert ((score > 1) & (score < 5)).all()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "world", "changes"), [cell for cell in cells() if not cell.marks])
def test_the_same_seed_gives_the_same_bytes_with_every_way_at_once(
    kind: str, world: World, changes: Changes
) -> None:
    method, _ = short(kind, world, changes)
    again, _ = train(kind, world, epochs=5, **changes)
    assert state_bytes(again) == state_bytes(method)


@pytest.mark.parametrize("world", [World("rating"), World("click")], ids=str)
@pytest.mark.parametrize("kind", known_kinds())
class TestUsersWithoutRows:
    def test_users_without_any_rows_get_no_scores(self, kind: str, world: World) -> None:
        """As a served user of unknown items alone: a batch then has no item."""
        method, test = trained(kind, world), world.test
        no_query = dataclasses.replace(test, query=without_rows(test.query))
        nothing = dataclasses.replace(no_query, support=without_rows(test.support))
        assert predict(method, no_query).shape == predict(method, nothing).shape == (0,)

    def test_the_users_beside_them_keep_their_scores(self, kind: str, world: World) -> None:
        method, test = trained(kind, world), world.test
        empty = torch.arange(len(test)) % 3 == 0
        _, owner, _ = test.query.users.take(torch.arange(len(test)))
        alone, beside = predict(method, test), predict(method, without_support(test, empty))
        full = ~empty[owner]
        torch.testing.assert_close(beside[full], alone[full], rtol=1e-6, atol=1e-6)
        assert beside.isfinite().all()

    def test_support_rows_of_others_do_not_touch_them(self, kind: str, world: World) -> None:
        method, test = trained(kind, world), world.test
        empty = torch.arange(len(test)) % 3 == 0
        _, owner, _ = test.query.users.take(torch.arange(len(test)))
        some, nobody = (
            predict(method, without_support(test, users))
            for users in (empty, torch.ones_like(empty))
        )
        none = empty[owner]
        torch.testing.assert_close(some[none], nobody[none], rtol=1e-6, atol=1e-6)
