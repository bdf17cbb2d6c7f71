"""Training: the order of batches, the epoch kept, what is reported and what is refused."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from pipeline_lib.batch import Batch, take_batch
from pipeline_lib.episodes import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.methods.base import ClosedForm, Learner, Method, Prediction, Problem
from pipeline_lib.methods.build import build_method
from pipeline_lib.methods.fold import USERS_PER_BATCH, fold_mse, predict_fold
from pipeline_lib.metrics.rating import user_mse
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.methods.base import MethodSettings
from pipeline_lib.settings.methods.parse import settings_class
from pipeline_lib.settings.methods.user_mean import UserMeanSettings
from pipeline_lib.settings.network import Network
from pipeline_lib.training.fit import Epoch, Folds, TrainingError, best_epoch, fit

torch.set_num_threads(1)  # on tensors this small a second thread only waits

# Users differ in a taste that their profile, the same for all, does not show; items have or
# lack what it is for, code 1 or 2.
ITEMS = 20
SIZES = InputSizes(user_features=1, user_values=1, item_features=1, item_values=2)
CATALOGUE = Catalogue(Ragged(torch.arange(ITEMS + 1)), 1 + torch.arange(ITEMS) % 2, 1)
NETWORK = Network(embedding_size=4, embedding_std=0.5, hidden=(16, 8))
PROBLEM = Problem(SIZES, ITEMS, NETWORK)


def make_rows(counts: Sequence[int], taste: Tensor, generator: torch.Generator) -> Rows:
    """Ratings of 4 for what a user likes and 2 for the rest."""
    users = Ragged(torch.tensor([0, *counts]).cumsum(0))
    _, owner, _ = users.take(torch.arange(len(counts)))
    item = torch.randint(0, ITEMS, (len(owner),), generator=generator)
    return Rows(users, item, 3.0 + taste[owner] * (2 * (item % 2) - 1))


def make_episodes(users: int, seed: int) -> Episodes:
    generator = torch.Generator().manual_seed(seed)
    taste = 2 * torch.randint(0, 2, (users,), generator=generator) - 1
    support = make_rows([4 + i % 5 for i in range(users)], taste, generator)
    query = make_rows([1 + i % 3 for i in range(users)], taste, generator)
    return Episodes(torch.arange(users), torch.ones(users, 1, dtype=torch.int64), support, query)


FOLDS = Folds(make_episodes(20, seed=1), make_episodes(10, seed=2), CATALOGUE)


USER_MEAN = UserMeanSettings(kind="user-mean", label="", role="reference")


def make_settings(kind: str, **changes: object) -> MethodSettings:
    """Settings that learn the toy problem's users in a few dozen steps."""
    raw: dict[str, object] = {"kind": kind, "label": "", "role": "baseline"}
    raw |= {"epochs": 5, "users_per_batch": 8, "outer_lr": 0.01}
    own: dict[str, dict[str, object]] = {
        "melu": {"inner_lr": 0.02, "order": "second"},
        "paml": {"lr_max": 0.2, "lr_hidden": (4,), "order": "second"},
        "transfer": {"inner_lr": 0.01},
    }
    return settings_class(kind).model_validate({**raw, **own[kind], **changes})


def train(
    kind: str, folds: Folds = FOLDS, seed: int = 0, **changes: object
) -> tuple[Method, list[Epoch]]:
    settings = make_settings(kind, **changes)
    method = build_method(settings, PROBLEM, seed)
    return method, fit(method, settings, folds, seed, lambda _: None)


def with_query_target(episodes: Episodes, target: Tensor) -> Episodes:
    return replace(episodes, query=replace(episodes.query, target=target))


def opposed_folds() -> Folds:
    """Learning the training users' ratings drives the error on validation users up."""
    query = FOLDS.validation.query.target
    validation = with_query_target(FOLDS.validation, torch.full_like(query, -3.0))
    return replace(FOLDS, validation=validation)


class Recorder(Learner):
    """Notes the users of each batch; has one weight and nothing to learn."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.users: list[list[int]] = []

    def predict(self, batch: Batch) -> Prediction:
        return Prediction(self.weight.expand(len(batch.query.target)), None)

    def loss(self, batch: Batch) -> Tensor:
        self.users.append(batch.users.tolist())
        return self.weight.square()


def batches(seed: int, epochs: int = 2, users_per_batch: int = 8) -> list[list[int]]:
    recorder = Recorder()
    settings = make_settings("melu", epochs=epochs, users_per_batch=users_per_batch)
    fit(recorder, settings, FOLDS, seed, lambda _: None)
    return recorder.users


def test_an_epoch_meets_every_training_user_once() -> None:
    first, second, third = batches(seed=0, epochs=1)
    assert sorted(first + second + third) == list(range(20))
    assert [len(b) for b in (first, second, third)] == [8, 8, 4]


def test_the_seed_alone_gives_the_order_of_batches() -> None:
    torch.manual_seed(1)
    first = batches(seed=0)
    torch.manual_seed(2)
    assert batches(seed=0) == first
    assert batches(seed=1) != first


def test_each_epoch_has_its_own_order() -> None:
    both = batches(seed=0, epochs=2)
    assert both[:3] != both[3:]


def test_more_epochs_leave_the_first_ones_as_they_were() -> None:
    assert batches(seed=0, epochs=3)[:6] == batches(seed=0, epochs=2)


@pytest.mark.parametrize("kind", ["melu", "paml", "transfer"])
def test_the_method_returned_has_the_lowest_validation_error(kind: str) -> None:
    method, history = train(kind)
    lowest = min(epoch.validation_mse for epoch in history)
    assert fold_mse(method, FOLDS.validation, CATALOGUE) == lowest


def test_a_best_epoch_before_the_last_is_kept() -> None:
    folds = opposed_folds()
    method, history = train("melu", folds)
    assert best_epoch(history).epoch == 1
    assert history[-1].validation_mse > history[0].validation_mse + 1
    assert fold_mse(method, folds.validation, CATALOGUE) == history[0].validation_mse


def test_the_weights_kept_are_those_of_training_that_ended_at_the_best_epoch() -> None:
    kept, _ = train("melu", opposed_folds(), epochs=5)
    stopped, _ = train("melu", opposed_folds(), epochs=1)
    pairs = zip(kept.state_dict().values(), stopped.state_dict().values(), strict=True)
    assert all(torch.equal(*pair) for pair in pairs)


def test_of_equal_epochs_the_first_is_best() -> None:
    errors = [2.0, 1.0, 3.0, 1.0]
    history = [Epoch(i, 0.0, error, 0.0) for i, error in enumerate(errors, 1)]
    assert best_epoch(history).epoch == 2


def test_every_epoch_is_reported_once_in_order_and_returned() -> None:
    seen: list[Epoch] = []
    settings = make_settings("paml", epochs=4)
    history = fit(build_method(settings, PROBLEM, 0), settings, FOLDS, 0, seen.append)
    assert [epoch.epoch for epoch in seen] == [1, 2, 3, 4]
    assert seen == history
    assert all(epoch.seconds > 0 for epoch in history)


def test_an_epoch_is_reported_before_the_next_begins() -> None:
    recorder, met = Recorder(), []
    settings = make_settings("melu", epochs=3)
    fit(recorder, settings, FOLDS, 0, lambda _: met.append(len(recorder.users)))
    assert met == [3, 6, 9]


def test_the_training_loss_is_the_mean_over_batches() -> None:
    """The weight's square, before each of Adam's steps of nearly outer_lr."""
    recorder = Recorder()
    settings = make_settings("melu", epochs=1, outer_lr=0.1)
    (epoch,) = fit(recorder, settings, FOLDS, 0, lambda _: None)
    assert epoch.train_loss == pytest.approx((1 + 0.9**2 + 0.8**2) / 3, abs=0.005)


def refuse(epoch: Epoch) -> None:
    pytest.fail(f"{epoch} was reported")


def test_a_baseline_has_no_epochs() -> None:
    method = build_method(USER_MEAN, PROBLEM, 0)
    assert isinstance(method, ClosedForm)
    assert fit(method, USER_MEAN, FOLDS, 0, refuse) == []


def test_a_learner_with_the_settings_of_a_baseline_is_refused() -> None:
    with pytest.raises(TypeError, match="Recorder"):
        fit(Recorder(), USER_MEAN, FOLDS, 0, refuse)


def test_a_loss_that_is_not_a_number_names_its_epoch_and_user() -> None:
    target = FOLDS.train.query.target.clone()
    target[FOLDS.train.query.users.offsets[13]] = torch.nan
    folds = replace(FOLDS, train=with_query_target(FOLDS.train, target))
    message = re.escape("epoch 1: the loss is nan on the users at rows [13] of the training fold")
    with pytest.raises(TrainingError, match=message):
        train("melu", folds, users_per_batch=1)


def test_a_huge_outer_rate_names_the_epoch_and_all_users_of_the_batch() -> None:
    second = ", ".join(map(str, sorted(batches(seed=0, epochs=1, users_per_batch=10)[1])))
    message = rf"^epoch 1: the loss is (inf|nan) on the users at rows \[{second}\]"
    with pytest.raises(TrainingError, match=message):
        train("melu", users_per_batch=10, outer_lr=1e30)


def test_a_validation_error_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"^epoch 1: the validation error is (inf|nan);"):
        train("melu", users_per_batch=20, epochs=1, outer_lr=1e30)


class Failing(Recorder):
    """Has a loss in the first epoch only."""

    def loss(self, batch: Batch) -> Tensor:
        loss = super().loss(batch)
        return loss if len(self.users) == 1 else loss * torch.nan


def test_epochs_before_a_failure_are_reported() -> None:
    seen: list[int] = []
    settings = make_settings("melu", users_per_batch=20)
    with pytest.raises(TrainingError, match=r"^epoch 2: the loss is nan"):
        fit(Failing(), settings, FOLDS, 0, lambda epoch: seen.append(epoch.epoch))
    assert seen == [1]


@pytest.mark.parametrize("kind", ["melu", "paml", "transfer"])
def test_building_and_training_leave_the_global_random_state(kind: str) -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    train(kind, epochs=1)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_global_random_state_changes_no_initial_weight() -> None:
    states = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        method = build_method(make_settings("paml"), PROBLEM, 0)
        states.append([value.clone() for value in method.state_dict().values()])
    assert all(map(torch.equal, *states))


def unadapted_mse(method: Method, episodes: Episodes) -> float:
    """Mean over users of the error that the network makes without a step."""
    batch = take_batch(episodes, CATALOGUE, torch.arange(len(episodes)))
    network = method.get_submodule("network")
    with torch.no_grad():
        score = network(network.embed(batch), batch.query)  # type: ignore[operator]
    return float(user_mse(score, batch.query).mean())


def hidden_tastes(inner_lr: float) -> Method:
    folds = replace(FOLDS, train=make_episodes(64, seed=5))
    method, _ = train(
        "melu", folds, inner_lr=inner_lr, epochs=20, users_per_batch=16, outer_lr=0.02
    )
    return method


def test_melu_learns_to_meet_a_hidden_taste_by_its_step() -> None:
    """No profile shows the taste, so without the step the best score is 3, at an error of 1."""
    method, new_users = hidden_tastes(inner_lr=0.02), make_episodes(30, seed=3)
    assert unadapted_mse(method, new_users) > 0.9
    assert fold_mse(method, new_users, CATALOGUE) < 0.4


def test_no_training_meets_a_hidden_taste_without_a_step() -> None:
    new_users = make_episodes(30, seed=3)
    assert fold_mse(hidden_tastes(inner_lr=1e-12), new_users, CATALOGUE) > 0.9


@pytest.mark.parametrize("settings", [make_settings("paml"), USER_MEAN], ids=["paml", "user-mean"])
def test_predicting_a_fold_equals_predicting_its_users_one_by_one(settings: MethodSettings) -> None:
    many = make_episodes(USERS_PER_BATCH + 5, seed=4)
    method = build_method(settings, PROBLEM, 0)
    score, inner_lr = predict_fold(method, many, CATALOGUE)
    for user in range(len(many)):
        with torch.no_grad():
            alone = method.predict(take_batch(many, CATALOGUE, torch.tensor([user])))
        start, stop = many.query.users.offsets[user : user + 2].tolist()
        assert_close(score[start:stop], alone.score)
        rate = torch.tensor([torch.nan]) if alone.inner_lr is None else alone.inner_lr
        assert_close(inner_lr[user : user + 1], rate)


def assert_close(actual: Tensor, expected: Tensor) -> None:
    """Only the order of float32 sums may differ; no rate is as no rate."""
    torch.testing.assert_close(actual, expected, rtol=1e-6, atol=1e-6, equal_nan=True)


def test_the_error_of_a_fold_is_the_mean_over_users_not_rows() -> None:
    """Of two users, one has a row with the error 4, the other three without any."""
    users = Ragged(torch.tensor([0, 1, 4]))
    query = Rows(users, torch.tensor([0, 1, 2, 3]), torch.tensor([3.0, 1.0, 1.0, 1.0]))
    support = Rows(Ragged(torch.tensor([0, 1, 2])), torch.tensor([0, 0]), torch.ones(2))
    fold = Episodes(torch.arange(2), torch.ones(2, 1, dtype=torch.int64), support, query)
    assert fold_mse(Recorder(), fold, CATALOGUE) == 2.0


def test_the_error_of_a_fold_of_many_batches_weighs_all_users_alike() -> None:
    """A score of 1 has the error 1 on users whose ratings are 2, and 9 where they are 4."""
    users = 2 * USERS_PER_BATCH + 5
    many = make_episodes(users, seed=4)
    _, owner, _ = many.query.users.take(torch.arange(users))
    target = torch.where(owner < users - 5, 2.0, 4.0)
    error = fold_mse(Recorder(), with_query_target(many, target), CATALOGUE)
    assert error == pytest.approx((users - 5 + 5 * 9) / users, rel=1e-6)
