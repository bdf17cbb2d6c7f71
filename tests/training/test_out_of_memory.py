"""When memory runs out: smaller parts, the same step; or the remedy."""

import pytest
import torch
from torch import Tensor

from pipeline_lib.devices.choose import is_out_of_memory
from pipeline_lib.episodes.batch import Batch
from pipeline_lib.methods.at_paml import ATPAML
from pipeline_lib.methods.base import Learner, Method, Prediction, build_method
from pipeline_lib.methods.predict import validate
from pipeline_lib.training.fit import fit
from pipeline_lib.training.record import EpochRecord
from pipeline_lib.training.step import TrainingError
from tests.training.toy import (
    CATALOGUE,
    FOLDS,
    LEARNERS,
    PROBLEM,
    TASK,
    make_settings,
    only,
    train_once,
)

CUDA = torch.OutOfMemoryError("CUDA out of memory. CandidateResult to allocate 20.00 GiB")


def short_of_memory(learner: Learner, most: int, error: Exception) -> list[int]:
    """Let a learner fail on more users than these; returns where it notes its batches' sizes."""
    losses, predict, sizes = learner.losses, learner.predict, list[int]()

    def limited_losses(batch: Batch) -> Tensor:
        if len(batch) > most:
            raise error
        sizes.append(len(batch))
        return losses(batch)

    def limited_predict(batch: Batch) -> Prediction:
        if len(batch) > most:
            raise error
        return predict(batch)

    learner.losses = limited_losses  # type: ignore[method-assign]
    learner.predict = limited_predict  # type: ignore[method-assign]
    return sizes


def limited(
    kind: str, most: int, error: Exception = CUDA, **changes: object
) -> tuple[Method, list[EpochRecord], list[int]]:
    settings = make_settings(kind, **changes)
    learner = build_method(settings, PROBLEM, 0)
    assert isinstance(learner, Learner)
    sizes = short_of_memory(learner, most, error)
    return learner, fit(learner, settings, FOLDS, 0, lambda _: None), sizes


@pytest.mark.parametrize(
    "kind", only(LEARNERS, "transfer", "reg-paml", "at-paml", "effects-melu", "tanp")
)
@pytest.mark.parametrize("most", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_the_method_is_the_same_but_for_the_order_of_sums(kind: str, most: int) -> None:
    whole, history = train_once(kind, epochs=2)
    method, own, _ = limited(kind, most, epochs=2)
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(method.state_dict()[name], tensor, rtol=1e-4, atol=1e-5)
    losses, expected = ([e.validation_loss for e in h] for h in (own, history))
    assert losses == pytest.approx(expected, rel=1e-4)


def test_at_paml_remembers_the_same_users_in_the_same_places() -> None:
    (whole, _), (method, _, _) = train_once("at-paml", epochs=2), limited("at-paml", 2, epochs=2)
    assert isinstance(whole, ATPAML)
    assert isinstance(method, ATPAML)
    assert torch.equal(method.memory.user, whole.memory.user)
    assert torch.equal(method.memory.last_used, whole.memory.last_used)


def test_batches_stay_cut_and_every_part_fits(caplog: pytest.LogCaptureFixture) -> None:
    """Of 8, 8 and 4 users: in 4 parts from the first batch on."""
    _, _, sizes = limited("melu", 2, epochs=2)
    assert sizes == [2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1] * 2
    assert [m.split("cut into ")[1][:7] for m in caplog.messages] == ["2 parts", "4 parts"]


@pytest.mark.parametrize(
    "error",
    [
        CUDA,
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate "),
    ],
    ids=lambda e: type(e).__name__,
)
def test_one_user_too_many_is_refused_with_the_remedy(error: Exception) -> None:
    if "can't allocate" in str(error):
        error = RuntimeError(f"{error}memory: you tried to allocate 9 bytes.")
    with pytest.raises(TrainingError, match=r"^epoch 1, batch 1: one user alone is too much.*take"):
        limited("melu", 0, error)


def test_other_errors_are_not_taken_for_it() -> None:
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="shapes"):
        limited("melu", 2, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


@pytest.mark.parametrize(
    "said", ["CUDA error: out of memory", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"]
)
def test_a_gpu_that_others_fill_is_too_small(said: str) -> None:
    assert is_out_of_memory(RuntimeError(said))


def test_a_real_shortage_on_the_cpu_is_recognised() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


def test_validation_is_cut_as_well() -> None:
    learner = build_method(make_settings("paml"), PROBLEM, 0)
    assert isinstance(learner, Learner)
    whole = validate(learner, FOLDS.validation, CATALOGUE, TASK)
    short_of_memory(learner, 3, CUDA)
    parts = validate(learner, FOLDS.validation, CATALOGUE, TASK)
    torch.testing.assert_close(parts.score, whole.score)
    torch.testing.assert_close(parts.diagnostics, whole.diagnostics)
