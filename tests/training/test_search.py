"""The choice among candidates, and jobs changed by it."""

from datetime import UTC, datetime

import pytest

from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import RatingTask
from pipeline_lib.training.record import TrainingRecord
from pipeline_lib.training.search import CandidateResult, choose, with_values

NETWORK = Network(embedding_size=4, embedding_std=0.1, hidden=(4,))


def tried(loss: float | None) -> CandidateResult:
    stopped = "epoch 1: too large" if loss is None else None
    return CandidateResult(validation_loss=loss, best_epoch=1, seconds=2.0, stopped=stopped)


def record(loss: float) -> TrainingRecord:
    return TrainingRecord(
        experiment="sample/shop",
        dataset="shop",
        method="melu",
        seed=0,
        started=datetime(2026, 1, 1, tzinfo=UTC),
        settings={"kind": "melu", "inner_lr": 0.1, "epochs": 5},
        task=RatingTask(scale=(1, 5)),
        network=NETWORK,
        device="cpu",
        threads=1,
        processes=1,
        code="",
        environment={},
        split_sha256="",
        parameters=1,
        best_epoch=3,
        validation_loss=loss,
        seconds=2.0,
        hardware="Fast CPU",
        peak_bytes=500_000_000,
    )


def test_the_lowest_validation_loss_is_chosen_of_equals_the_first() -> None:
    values = [{}, {"inner_lr": 0.2}, {"inner_lr": 0.3}, {"inner_lr": 0.4}]
    choice = choose("shop", "melu", [tried(loss) for loss in (3.0, 1.0, 2.0, 1.0)], values)
    assert (choice.chosen, choice.values) == (1, {"inner_lr": 0.2})
    assert [c.validation_loss for c in choice.candidates] == [3.0, 1.0, 2.0, 1.0]
    assert [c.values for c in choice.candidates] == values


def test_a_candidate_that_was_stopped_is_not_chosen() -> None:
    choice = choose("shop", "melu", [tried(None), tried(2.0)], [{}, {"inner_lr": 0.2}])
    assert choice.chosen == 1
    assert choice.candidates[0].stopped == "epoch 1: too large"


def test_where_all_were_stopped_the_search_says_so() -> None:
    with pytest.raises(ValueError, match=r"every candidate.* epoch 1: too large; search smaller"):
        choose("shop", "melu", [tried(None)], [{}])


def test_a_job_takes_the_values_it_may_and_leaves_the_rest() -> None:
    values = {"inner_lr": 0.2, "epochs": 9, "network.embedding_size": 8, "network.head": "levels"}
    job = with_values(record(1.0), values, ["inner_lr", "network.embedding_size"])
    assert job.settings == {"kind": "melu", "inner_lr": 0.2, "epochs": 5}
    assert job.network == NETWORK.model_copy(update={"embedding_size": 8})


def test_a_method_without_a_network_keeps_none() -> None:
    plain = record(1.0).model_copy(update={"network": None})
    job = with_values(plain, {"network.embedding_size": 8}, ["network.embedding_size"])
    assert job.network is None
