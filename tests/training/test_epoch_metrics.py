"""What is watched of an epoch: metrics of validation users, rates by group, memory."""

import polars as pl
import psutil
import pytest
import torch

from pipeline_lib.episodes.format import Episodes, Ragged, Rows
from pipeline_lib.methods.predict import Validation, validate
from pipeline_lib.settings.task import RatingTask
from pipeline_lib.training.epoch_metrics import (
    GPU,
    RAM,
    measured_peak,
    peak_memory,
    validation_metrics,
)
from pipeline_lib.training.fit import fit
from pipeline_lib.training.record import EpochRecord
from tests.training.toy import CATALOGUE, FOLDS, TASK, Recorder, make_settings, train

RATED = Rows(
    Ragged(torch.tensor([0, 2, 3, 4])), torch.arange(4), torch.tensor([2.0, 1.0, 4.0, 3.0])
)
THREE = Episodes(
    torch.arange(3),
    torch.ones(3, 1, dtype=torch.int64),
    torch.ones(3, 1),
    Rows(Ragged(torch.zeros(4, dtype=torch.int64)), torch.arange(0), torch.zeros(0)),
    RATED,
)
GROUPS = pl.Series(["major", "minor", "major"])
SCORE = torch.tensor([2.5, 1.5, 2.0, 3.0])


def watched(**diagnostics: list[float]) -> dict[str, float]:
    found = {name: torch.tensor(values) for name, values in diagnostics.items()}
    judged = Validation(SCORE, found, torch.zeros(3), 0.0)
    return validation_metrics(judged, THREE, GROUPS, RatingTask(scale=(1, 5)))


def test_metrics_average_users_of_each_group() -> None:
    """Errors: 0.5 and 0.5; 2; 0."""
    figures = watched()
    assert figures["validation/mse"] == pytest.approx((0.25 + 4 + 0) / 3)
    assert figures["validation/mse_major"] == pytest.approx(0.125)
    assert figures["validation/mse_minor"] == pytest.approx(4)
    assert figures["validation/ndcg_3"] == pytest.approx(1)  # of the first user alone
    assert all(name.startswith("validation/") for name in figures)


def test_diagnostics_have_a_mean_and_a_spread_in_each_group() -> None:
    figures = watched(inner_lr=[0.25, 0.5, 0.75], attention=[1.0, 2.0, 1.0])
    assert figures["attention/minor_mean"] == 2
    assert figures["inner_lr/major_mean"] == 0.5
    assert figures["inner_lr/major_sd"] == 0.25
    assert figures["inner_lr/minor_mean"] == 0.5
    assert figures["inner_lr/minor_sd"] == 0


def test_a_user_without_a_rate_counts_for_none() -> None:
    figures = watched(inner_lr=[0.25, torch.nan, torch.nan])
    assert figures["inner_lr/major_mean"] == 0.25
    assert "inner_lr/minor_mean" not in figures


def test_the_metrics_of_an_epoch_are_those_of_the_method_then() -> None:
    method, history = train("paml", epochs=1)
    judged = validate(method, FOLDS.validation, CATALOGUE, TASK)
    due = validation_metrics(judged, FOLDS.validation, FOLDS.groups, TASK)
    assert {name: x for name, x in history[0].watched.items() if name in due} == due
    assert history[0].watched["validation/mse"] == pytest.approx(history[0].validation_loss)


def test_an_epoch_reports_the_mean_norm_of_the_gradients_and_the_time_of_a_step() -> None:
    """The gradient of the recorder's loss is twice its weight: nearly 2, 1.8 and 1.6."""
    settings = make_settings("melu", epochs=1, outer_lr=0.1)
    (epoch,) = fit(Recorder(), settings, FOLDS, 0, lambda _: None)
    assert epoch.watched["gradient/norm"] == pytest.approx((2 + 1.8 + 1.6) / 3, abs=0.01)
    assert epoch.watched["step/seconds"] == pytest.approx(epoch.seconds / 3)


def test_memory_is_what_the_process_used_at_most() -> None:
    before = peak_memory(torch.device("cpu"))["memory/process_mb"]
    lacking = before - psutil.Process().memory_info().rss / 1e6  # to the peak
    block = torch.ones(int((lacking + 200) * 1e6 / 4))
    after = peak_memory(torch.device("cpu"))["memory/process_mb"]
    assert 50 < before < 100_000
    del block
    assert after > before + 50


def test_the_peak_of_a_training_is_its_gpus_where_it_has_one() -> None:
    def epochs(*watched: dict[str, float]) -> list[EpochRecord]:
        return [EpochRecord(1, 0.5, 0.5, 2.0, {}, own) for own in watched]

    on_cpu = epochs({RAM: 812.345678}, {RAM: 700})
    assert measured_peak(on_cpu) == 812_345_678
    assert measured_peak(epochs({RAM: 900, GPU: 3}, {RAM: 900, GPU: 4.5})) == 4_500_000
