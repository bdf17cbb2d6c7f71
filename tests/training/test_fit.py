"""Training: the order of batches, the epoch kept and what is reported."""

from dataclasses import replace

import pytest
import torch

from pipeline_lib.episodes.batch import take_batch
from pipeline_lib.episodes.format import Episodes
from pipeline_lib.methods.base import ClosedForm, Method, build_method
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.methods.predict import validate
from pipeline_lib.training.fit import Folds, fit
from pipeline_lib.training.record import EpochRecord, best_epoch
from tests.training.toy import (
    ADAPTIVE,
    CATALOGUE,
    FOLDS,
    LEARNERS,
    PROBLEM,
    TASK,
    USER_MEAN,
    Recorder,
    batches,
    make_episodes,
    make_settings,
    only,
    state_bytes,
    train,
    train_once,
    with_query_target,
)


def opposed_folds() -> Folds:
    """Learning the training users' ratings drives the error on validation users up."""
    query = FOLDS.validation.query.target
    validation = with_query_target(FOLDS.validation, torch.full_like(query, -3.0))
    return replace(FOLDS, validation=validation)


def validation_loss(method: Method, folds: Folds = FOLDS) -> float:
    return validate(method, folds.validation, CATALOGUE, TASK).loss


class TestBatches:
    def test_an_epoch_meets_every_training_user_once(self) -> None:
        first, second, third = batches(seed=0, epochs=1)
        assert sorted(first + second + third) == list(range(20))
        assert [len(b) for b in (first, second, third)] == [8, 8, 4]

    def test_the_seed_alone_gives_their_order(self) -> None:
        torch.manual_seed(1)
        first = batches(seed=0)
        torch.manual_seed(2)
        assert batches(seed=0) == first
        assert batches(seed=1) != first

    def test_each_epoch_has_its_own_order(self) -> None:
        both = batches(seed=0, epochs=2)
        assert both[:3] != both[3:]

    def test_more_epochs_leave_the_first_ones_as_they_were(self) -> None:
        assert batches(seed=0, epochs=3)[:6] == batches(seed=0, epochs=2)


class TestBestEpoch:
    @pytest.mark.parametrize("kind", LEARNERS)
    def test_the_method_returned_has_the_lowest_validation_loss(self, kind: str) -> None:
        method, history = train_once(kind, epochs=2)
        assert validation_loss(method) == min(epoch.validation_loss for epoch in history)

    def test_one_before_the_last_is_kept(self) -> None:
        folds = opposed_folds()
        method, history = train("melu", folds)
        assert best_epoch(history).epoch == 1
        assert history[-1].validation_loss > history[0].validation_loss + 1
        assert validation_loss(method, folds) == history[0].validation_loss

    @pytest.mark.parametrize("kind", only(ADAPTIVE, "meta-sgd", "at-paml"))
    def test_what_is_kept_is_what_training_that_ended_there_leaves(self, kind: str) -> None:
        """The memory of AT-PAML is that of the best epoch as well."""
        kept, history = train(kind, opposed_folds(), epochs=5)
        best = best_epoch(history).epoch
        assert best < 5
        stopped, _ = train(kind, opposed_folds(), epochs=best)
        assert state_bytes(kept) == state_bytes(stopped)

    def test_of_equal_epochs_the_first_is_best(self) -> None:
        errors = [2.0, 1.0, 3.0, 1.0]
        history = [EpochRecord(i, 0.0, error, 0.0, {}, {}) for i, error in enumerate(errors, 1)]
        assert best_epoch(history).epoch == 2


class TestSteps:
    def test_what_a_learner_is_asked_and_with_which_weight(self) -> None:
        """Adam's first steps lower the weight by nearly outer_lr each."""
        recorder = Recorder()
        settings = make_settings("melu", epochs=2, outer_lr=0.1)
        fit(recorder, settings, FOLDS, 0, lambda _: None)
        epoch = ["losses", "after_step"] * 3 + ["end_epoch", "predict"]
        assert [what for what, _ in recorder.asked] == epoch * 2
        weights = [weight for _, weight in recorder.asked[:8]]
        expected = [1, 0.9, 0.9, 0.8, 0.8, 0.7, 0.7, 0.7]
        assert weights == pytest.approx(expected, abs=0.01)

    def test_the_training_loss_is_the_mean_over_batches(self) -> None:
        """The weight's square, before each of Adam's steps of nearly outer_lr."""
        settings = make_settings("melu", epochs=1, outer_lr=0.1)
        (epoch,) = fit(Recorder(), settings, FOLDS, 0, lambda _: None)
        assert epoch.train_loss == pytest.approx((1 + 0.9**2 + 0.8**2) / 3, abs=0.005)


class TestReports:
    def test_every_epoch_is_reported_once_in_order_and_returned(self) -> None:
        seen: list[EpochRecord] = []
        settings = make_settings("paml", epochs=4)
        history = fit(build_method(settings, PROBLEM, 0), settings, FOLDS, 0, seen.append)
        assert [epoch.epoch for epoch in seen] == [1, 2, 3, 4]
        assert seen == history
        assert all(epoch.seconds > 0 for epoch in history)

    def test_an_epoch_is_reported_before_the_next_begins(self) -> None:
        recorder, met = Recorder(), list[int]()
        settings = make_settings("melu", epochs=3)
        fit(recorder, settings, FOLDS, 0, lambda _: met.append(len(recorder.users)))
        assert met == [3, 6, 9]

    def test_what_a_learner_reports_on_an_epoch_is_among_its_figures(self) -> None:
        settings = make_settings("melu", epochs=2)
        history = fit(Recorder(), settings, FOLDS, 0, lambda _: None)
        assert [e.measures for e in history] == [{"batches": n, "third": 1 / 3} for n in (3, 6)]
        own = {"method/batches": 6.0, "method/third": 1 / 3}
        last = history[1]
        losses = {"train/loss": last.train_loss, "validation/loss": last.validation_loss}
        assert last.metrics() == losses | {"epoch/seconds": last.seconds} | own | last.watched

    def test_an_epoch_reads_as_a_log_line(self) -> None:
        epoch = EpochRecord(7, 1.23456, 0.98765, 12.34, {}, {"gradient/norm": 1.0})
        line = "epoch  7: training loss 1.2346, validation loss 0.9877, 12.3 s"
        assert str(epoch) == line
        epoch = replace(epoch, measures={"nodes": 3382.0, "share": 1 / 3})
        assert str(epoch) == f"{line}, nodes 3382, share 0.3333"

    def test_a_baseline_has_no_epochs(self) -> None:
        method = build_method(USER_MEAN, PROBLEM, 0)
        assert isinstance(method, ClosedForm)
        assert fit(method, USER_MEAN, FOLDS, 0, refuse) == []

    def test_a_learner_with_the_settings_of_a_baseline_is_refused(self) -> None:
        with pytest.raises(TypeError, match="Recorder"):
            fit(Recorder(), USER_MEAN, FOLDS, 0, refuse)


def refuse(epoch: EpochRecord) -> None:
    pytest.fail(f"{epoch} was reported")


class TestRandomState:
    @pytest.mark.parametrize("kind", LEARNERS)
    def test_building_and_training_leave_the_global_one(self, kind: str) -> None:
        torch.manual_seed(7)
        before = torch.get_rng_state()
        train(kind, epochs=1)
        assert torch.equal(torch.get_rng_state(), before)

    def test_the_global_one_changes_no_initial_weight(self) -> None:
        states = []
        for seed in (1, 2):
            torch.manual_seed(seed)
            states.append(state_bytes(build_method(make_settings("paml"), PROBLEM, 0)))
        assert states[0] == states[1]


def unadapted_loss(method: Method, episodes: Episodes) -> float:
    """Mean over users of the squared error that the network makes without a step."""
    batch = take_batch(episodes, CATALOGUE, torch.arange(len(episodes)))
    assert isinstance(method, AdaptiveLearner)
    network = method.network
    error = network(network.embed(batch), batch.query)[:, 0] - batch.query.target
    return float(batch.query.mean(error.square()).mean().detach())


def hidden_tastes(kind: str, **rate: object) -> Method:
    folds = replace(FOLDS, train=make_episodes(64, seed=5))
    changes = {"epochs": 20, "users_per_batch": 16, "outer_lr": 0.02} | rate
    method, _ = train(kind, folds, 0, **changes)
    return method


class TestHiddenTaste:
    """No profile shows the taste, so without the step the best score is 3, at an error of 1."""

    @pytest.mark.parametrize("kind", only({*ADAPTIVE} - {"transfer"}, "paml"))
    def test_a_learner_learns_to_meet_it_by_its_step(self, kind: str) -> None:
        method, new_users = hidden_tastes(kind), make_episodes(30, seed=3)
        assert unadapted_loss(method, new_users) > 0.9
        assert validate(method, new_users, CATALOGUE, TASK).loss < 0.75

    def test_no_training_meets_it_without_a_step(self) -> None:
        method, new_users = (
            hidden_tastes("melu", inner_lr=1e-12, epochs=8),
            make_episodes(30, seed=3),
        )
        assert validate(method, new_users, CATALOGUE, TASK).loss > 0.9
