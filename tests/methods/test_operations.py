"""Every method computes all users of a batch at once, and in the type of its input."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.meta import blocks
from pipeline_lib.meta.neighbours.exact import ExactIndex
from pipeline_lib.methods.at_paml import ATPAML
from pipeline_lib.methods.base import Learner, Method
from pipeline_lib.settings.methods.base import known_kinds
from tests.methods.world import LEARNERS, RATINGS, build, in_double, take
from tests.operations import Operations, operations

FEW, MANY = range(5), range(5, 25)


@pytest.fixture(autouse=True)
def _one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut no batch into blocks, as a GPU does not."""
    monkeypatch.setattr(blocks, "USERS_PER_BLOCK", blocks.USERS_PER_BLOCK_ON_GPU)


class Uncounted(ExactIndex):
    """Its keys, which order distances, are float32 on purpose."""

    def search(self, points: Tensor, queries: Tensor, count: int) -> Tensor:
        with _disable_current_modes():
            return super().search(points, queries, count)


def ready(kind: str) -> Method:
    """A method past its first step and its first epochs, in float64."""
    method = build(kind).double()
    if isinstance(method, ATPAML):
        method.memory.index = Uncounted()
    if isinstance(method, Learner):
        step(method, in_double(take(RATINGS.folds.train, range(25, 33))))
        method.begin_epoch(99)
    return method


def step(method: Method, batch: Batch) -> None:
    assert isinstance(method, Learner)
    method.losses(batch).mean().backward()
    method.after_step(method.trace())


def of_prediction(kind: str, users: range) -> Operations:
    method, batch = ready(kind), in_double(take(RATINGS.folds.train, users))
    return operations(lambda: method.predict(batch))


def of_step(kind: str, users: range) -> Operations:
    method, batch = ready(kind), in_double(take(RATINGS.folds.train, users))
    return operations(lambda: step(method, batch))


@pytest.mark.parametrize("kind", known_kinds())
def test_predicting_many_users_takes_no_more_operations_than_few(kind: str) -> None:
    few, many = (of_prediction(kind, users) for users in (FEW, MANY))
    assert few.total == many.total
    assert few.floats == {torch.float64}


@pytest.mark.parametrize("kind", LEARNERS)
def test_a_step_of_many_users_takes_no_more_operations_than_of_few(kind: str) -> None:
    few, many = (of_step(kind, users) for users in (FEW, MANY))
    assert few.total == many.total
    assert few.floats == {torch.float64}


COUNTS, VALUES = torch.tensor([2, 1]), torch.tensor([1.0, 2.0])


@pytest.mark.parametrize(
    ("work", "waits"),
    [
        (lambda: VALUES.sum().item(), 1),
        (lambda: VALUES[VALUES > 1], 1),
        (lambda: VALUES.repeat_interleave(COUNTS), 1),
        (lambda: VALUES.repeat_interleave(COUNTS, output_size=3), 0),
        (lambda: VALUES[COUNTS - 1] + 1, 0),
        (COUNTS.tolist, 1),
        (lambda: torch.tensor([1]) + COUNTS.cpu(), 2),
    ],
)
def test_what_a_device_must_first_tell_is_counted(work: Callable[[], object], waits: int) -> None:
    assert len(operations(work).waits) == waits
