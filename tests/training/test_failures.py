"""Training that leaves the range of sound numbers: what is said, of whom, and what is left."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from pipeline_lib.episodes.batch import Batch, take_batch
from pipeline_lib.methods.base import Learner, Method, build_method
from pipeline_lib.methods.baselines import MeLU
from pipeline_lib.settings.methods.baselines import MeLUSettings
from pipeline_lib.training.fit import Folds, fit
from pipeline_lib.training.record import EpochRecord
from pipeline_lib.training.step import EXPLODED, TrainingError
from tests.training.toy import (
    ADAPTIVE,
    CATALOGUE,
    FOLDS,
    PROBLEM,
    Recorder,
    batches,
    make_settings,
    spoil,
    state_bytes,
    train,
    with_query_target,
)


class Watched:
    """A method in training that fails, and its state before each step."""

    def __init__(self, kind: str, folds: Folds, **changes: object) -> None:
        settings = make_settings(kind, **changes)
        self.method: Method = build_method(settings, PROBLEM, 0)
        assert isinstance(self.method, Learner)
        self.states: list[dict[str, bytes]] = []
        losses = self.method.losses

        def watch(batch: Batch) -> Tensor:
            self.states.append(state_bytes(self.method))
            return losses(batch)

        self.method.losses = watch  # type: ignore[method-assign]
        with pytest.raises(TrainingError) as caught:
            fit(self.method, settings, folds, 0, lambda _: None)
        self.error = caught.value


def place_of(user: int, users_per_batch: int = 8) -> int:
    """The batch of the first epoch that holds a user, counted from 1."""
    (place,) = [
        place
        for place, users in enumerate(batches(0, 1, users_per_batch), start=1)
        if user in users
    ]
    return place


class Large(Recorder):
    """User 4 has a loss of a share of a million, the weight's square apart."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def losses(self, batch: Batch) -> Tensor:
        return super().losses(batch) + torch.where(batch.users == 4, self.share * EXPLODED, 0.0)


class TestLoss:
    @pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
    @pytest.mark.parametrize("kind", [kind for kind in ADAPTIVE if kind != "transfer"])
    def test_one_that_is_not_finite_names_epoch_batch_and_user(
        self, kind: str, value: float
    ) -> None:
        with pytest.raises(TrainingError) as caught:
            train(kind, spoil(FOLDS, [13], value))
        shown = "nan" if value != value else "inf"
        assert str(caught.value) == (
            f"epoch 1, batch {place_of(13)}: a user's loss is as large as "
            f"{shown}; lower outer_lr or the inner learning rate"
        )
        assert caught.value.users == [13]

    def test_all_users_of_the_batch_who_have_one_are_named_in_order(self) -> None:
        with pytest.raises(TrainingError, match=r"^epoch 1, batch 1: ") as caught:
            train("melu", spoil(FOLDS, [17, 3, 11]), users_per_batch=20)
        assert caught.value.users == [3, 11, 17]

    @pytest.mark.parametrize("share", [1.001, -1.001])
    def test_a_large_one_is_refused(self, share: float) -> None:
        with pytest.raises(TrainingError, match=r"as large as 1e\+06") as caught:
            fit(Large(share), make_settings("melu"), FOLDS, 0, lambda _: None)
        assert caught.value.users == [4]

    @pytest.mark.parametrize("share", [0.999, -0.999])
    def test_one_below_a_million_is_not(self, share: float) -> None:
        assert len(fit(Large(share), make_settings("melu"), FOLDS, 0, lambda _: None)) == 5

    @pytest.mark.parametrize(
        ("kind", "rate", "value"),
        [
            ("melu", "inner_lr", 100.0),
            ("melu", "inner_lr", 1e30),
            ("meta-sgd", "inner_lr", 100.0),
            ("paml", "lr_max", 100.0),
            ("reg-paml", "lr_max", 1e30),
            ("at-paml", "warmup_lr", 100.0),
        ],
    )
    def test_a_huge_inner_rate_names_the_users_it_threw_off_and_no_others(
        self, kind: str, rate: str, value: float
    ) -> None:
        changes = {rate: value, "users_per_batch": 20}
        watched = Watched(kind, FOLDS, **changes)
        fresh = build_method(make_settings(kind, **changes), PROBLEM, 0)
        assert isinstance(fresh, Learner)
        batch = take_batch(FOLDS.train, CATALOGUE, torch.arange(20))
        unsound = ~(fresh.losses(batch).detach().abs() <= EXPLODED)
        assert str(watched.error).startswith("epoch 1, batch 1: a user's loss is as large as")
        assert watched.error.users == sorted(batch.users[unsound].tolist())
        assert watched.error.users
        assert state_bytes(watched.method) == watched.states[0] == state_bytes(fresh)

    def test_a_huge_outer_rate_fails_in_the_second_batch(self) -> None:
        with pytest.raises(TrainingError, match=r"^epoch 1, batch 2: ") as caught:
            train("melu", users_per_batch=10, outer_lr=1e30)
        assert set(caught.value.users) <= set(batches(0, 1, 10)[1])


class TestState:
    @pytest.mark.parametrize("kind", ADAPTIVE)
    def test_before_any_epoch_it_is_the_first(self, kind: str) -> None:
        """User 13 fails in the third batch, so two steps have changed weights and memory."""
        users = [batch for batch in batches(0, 1) if 13 not in batch]
        assert place_of(13) > 1
        watched = Watched(kind, spoil(FOLDS, [13]))
        assert len(watched.states) == place_of(13) <= len(users) + 1
        assert watched.states[-1] != watched.states[0]
        assert state_bytes(watched.method) == watched.states[0]

    def test_it_is_that_of_the_best_epoch(self) -> None:
        """The second batch of the third epoch fails; each epoch before was better than the last."""

        class Failing(MeLU):
            count = 0

            def losses(self, batch: Batch) -> Tensor:
                self.count += 1
                return super().losses(batch) * (torch.nan if self.count == 8 else 1)

        settings = make_settings("melu")
        assert isinstance(settings, MeLUSettings)
        method, states = Failing(settings, PROBLEM), list[dict[str, bytes]]()
        epochs: list[EpochRecord] = []

        def see(epoch: EpochRecord) -> None:
            epochs.append(epoch)
            states.append(state_bytes(method))

        with pytest.raises(TrainingError, match=r"^epoch 3, batch 2"):
            fit(method, settings, FOLDS, 0, see)
        assert epochs[1].validation_loss < epochs[0].validation_loss
        assert state_bytes(method) == states[1] != states[0]


class BadGradient(Recorder):
    """From the second step on its loss is 0 and has a gradient that is not finite."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def losses(self, batch: Batch) -> Tensor:
        losses = super().losses(batch)
        still = self.factor * (self.weight - self.weight.detach())
        return losses if len(self.users) == 1 else still.sqrt().expand(len(batch))


class TestGradient:
    @pytest.mark.parametrize("factor", [0.0, 1.0], ids=["nan", "inf"])
    def test_one_that_is_not_finite_is_refused_before_the_step(self, factor: float) -> None:
        learner = BadGradient(factor)
        with pytest.raises(TrainingError) as caught:
            fit(learner, make_settings("melu"), FOLDS, 0, lambda _: None)
        assert str(caught.value) == (
            "epoch 1, batch 2: the gradient of the loss is not finite; lower outer_lr or the "
            "inner learning rate"
        )
        assert caught.value.users == sorted(batches(0, 1)[1])
        grad = learner.weight.grad
        assert grad is not None
        assert not grad.isfinite()
        asked, weights = zip(*learner.asked, strict=True)
        assert asked == ("losses", "after_step", "losses")
        assert weights[0] == learner.weight.item()

    def test_a_parameter_without_one_is_no_failure(self) -> None:
        class Idle(Recorder):
            def __init__(self) -> None:
                super().__init__()
                self.idle = torch.nn.Parameter(torch.ones(2))

        learner = Idle()
        fit(learner, make_settings("melu", epochs=1), FOLDS, 0, lambda _: None)
        assert learner.idle.tolist() == [1, 1]


class TestValidation:
    @pytest.mark.parametrize("value", [torch.nan, torch.inf])
    def test_a_loss_that_is_not_finite_names_the_epoch_and_no_user(self, value: float) -> None:
        target = FOLDS.validation.query.target.clone()
        target[0] = value
        folds = replace(FOLDS, validation=with_query_target(FOLDS.validation, target))
        with pytest.raises(TrainingError) as caught:
            train("melu", folds)
        assert str(caught.value) == (
            f"epoch 1: the validation loss is {value}; lower outer_lr or the inner learning rate"
        )
        assert caught.value.users == []

    def test_epochs_before_a_failure_are_reported(self) -> None:
        class Failing(Recorder):
            def losses(self, batch: Batch) -> Tensor:
                losses = super().losses(batch)
                return losses if len(self.users) < 3 else losses * torch.nan

        seen: list[int] = []
        settings = make_settings("melu", users_per_batch=20)
        with pytest.raises(TrainingError, match=r"^epoch 3, batch 1: a user's loss"):
            fit(Failing(), settings, FOLDS, 0, lambda epoch: seen.append(epoch.epoch))
        assert seen == [1, 2]
