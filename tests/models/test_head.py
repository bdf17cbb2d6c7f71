"""The heads: values worked by hand, and errors against autograd."""

import math
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import cross_entropy

from pipeline_lib.metrics.loss import row_loss
from pipeline_lib.models.head import Head, make_head
from pipeline_lib.settings.network import HeadKind
from pipeline_lib.settings.task import ClickTask, RatingTask, Task

torch.set_num_threads(1)  # on tensors this small a second thread only waits

RATING, CLICK = RatingTask(scale=(1, 5)), ClickTask()
ALL: dict[str, tuple[Task, HeadKind]] = {
    "rating value": (RATING, "value"),
    "rating levels": (RATING, "levels"),
    "click value": (CLICK, "value"),
    "click levels": (CLICK, "levels"),
}
each_head = pytest.mark.parametrize(("task", "kind"), ALL.values(), ids=ALL)
each_click_head = pytest.mark.parametrize("kind", ["value", "levels"])

# Softmaxes with these logits are (1, 2, 3, 1, 1) / 8 and (1, 3) / 4.
EIGHTHS = [math.log(x) for x in (1, 2, 3, 1, 1)]
QUARTERS = [math.log(x) for x in (1, 3)]


def rows(*values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def column(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def assert_values(actual: Tensor, *expected: float | list[float]) -> None:
    torch.testing.assert_close(
        actual, torch.tensor(expected, dtype=torch.float64), rtol=1e-12, atol=1e-12
    )


def worked(head: Head, z: Tensor, target: float) -> tuple[Tensor, Tensor, Tensor]:
    """Score, loss and error of rows with one target."""
    targets = torch.full((len(z),), target, dtype=torch.float64)
    return head.score(z), head.loss(z, targets), head.error(z, targets)


class TestWorkedByHand:
    def test_the_output_is_the_rating(self) -> None:
        score, loss, error = worked(make_head(RATING, "value"), rows([3.5], [-2.0]), 4)
        assert_values(score, 3.5, -2)
        assert_values(loss, 0.25, 36)
        assert_values(error, [-1.0], [-12.0])

    def test_the_expected_level_is_the_rating(self) -> None:
        """(1·1 + 2·2 + 3·3 + 1·4 + 1·5) / 8 = 23/8; the error is 2 (r - y) p (v - r)."""
        score, loss, error = worked(make_head(RATING, "levels"), rows(EIGHTHS), 3)
        assert_values(score, 23 / 8)
        assert_values(loss, 1 / 64)
        assert_values(error, [x / 256 for x in (15, 14, -3, -9, -17)])

    def test_the_output_is_the_logit_of_a_click(self) -> None:
        """σ(ln 3) = 3/4; a click weighs 0.9, none 0.1."""
        head, z = make_head(CLICK, "value"), rows([math.log(3)])
        score, loss, error = worked(head, z, 1)
        assert_values(score, 3 / 4)
        assert_values(loss, 0.9 * math.log(4 / 3))
        assert_values(error, [-0.9 / 4])
        _, loss, error = worked(head, z, 0)
        assert_values(loss, 0.1 * math.log(4))
        assert_values(error, [0.1 * 3 / 4])

    def test_two_outputs_are_the_logits_of_none_and_of_a_click(self) -> None:
        head, z = make_head(CLICK, "levels"), rows(QUARTERS)
        score, loss, error = worked(head, z, 1)
        assert_values(score, 3 / 4)
        assert_values(loss, 0.9 * math.log(4 / 3))
        assert_values(error, [0.9 / 4, -0.9 / 4])
        _, loss, error = worked(head, z, 0)
        assert_values(loss, 0.1 * math.log(4))
        assert_values(error, [-0.1 * 3 / 4, 0.1 * 3 / 4])

    @each_click_head
    def test_weights_are_those_of_the_task(self, kind: HeadKind) -> None:
        """With even odds a row's loss is its weight times ln 2."""
        head = make_head(ClickTask(clicked_weight=3, other_weight=0.5), kind)
        z = torch.zeros(2, head.outputs, dtype=torch.float64)
        assert_values(head.loss(z, column(1, 0)), 3 * math.log(2), 0.5 * math.log(2))


@st.composite
def outputs_and_targets(draw: st.DrawFn, task: Task, kind: HeadKind) -> tuple[Tensor, Tensor]:
    """Up to six rows; ratings need not be on the scale."""
    count, outputs = draw(st.integers(1, 6)), make_head(task, kind).outputs
    logit = st.floats(-8, 8, width=32)
    target = st.floats(0, 6, width=32) if isinstance(task, RatingTask) else st.integers(0, 1)
    z = draw(st.lists(logit, min_size=count * outputs, max_size=count * outputs))
    targets = draw(st.lists(target, min_size=count, max_size=count))
    return column(*z).view(count, outputs), column(*targets)


class TestTwoWaySoftmax:
    """Against torch's own cross-entropy of two classes that weigh 0.1 and 0.9."""

    @given(data=st.data())
    def test_its_loss_is_the_weighted_cross_entropy(self, data: st.DataObject) -> None:
        z, target = data.draw(outputs_and_targets(CLICK, "levels"))
        expected = cross_entropy(z, target.long(), column(0.1, 0.9), reduction="none")
        loss = make_head(CLICK, "levels").loss(z, target)
        torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-12)

    @given(data=st.data())
    def test_it_is_the_logistic_head_of_the_logits_difference(self, data: st.DataObject) -> None:
        """Score, loss, and the error of the click's logit; that of the other is its negative."""
        z, target = data.draw(outputs_and_targets(CLICK, "levels"))
        two, one, gap = make_head(CLICK, "levels"), make_head(CLICK, "value"), z[:, 1:] - z[:, :1]
        close = partial(torch.testing.assert_close, rtol=1e-12, atol=1e-12)
        close(two.score(z), one.score(gap))
        close(two.loss(z, target), one.loss(gap, target))
        error = one.error(gap, target)
        close(two.error(z, target), torch.cat((-error, error), 1))


@pytest.mark.parametrize(
    ("task", "kind", "outputs"),
    [
        (RATING, "value", 1),
        (RATING, "levels", 5),
        (RatingTask(scale=(0, 10)), "levels", 11),
        (RatingTask(scale=(0.5, 5), step=0.5), "levels", 10),
        (RatingTask(scale=(0, 1), step=0.1), "levels", 11),
        (CLICK, "value", 1),
        (CLICK, "levels", 2),
    ],
)
def test_a_level_has_an_output_of_its_own(task: Task, kind: HeadKind, outputs: int) -> None:
    assert make_head(task, kind).outputs == outputs


@each_head
@given(data=st.data())
def test_the_error_is_the_gradient_of_the_loss(
    task: Task, kind: HeadKind, data: st.DataObject
) -> None:
    head = make_head(task, kind)
    z, target = data.draw(outputs_and_targets(task, kind))
    z.requires_grad_()
    (expected,) = torch.autograd.grad(head.loss(z, target).sum(), z)
    error = head.error(z, target)
    torch.testing.assert_close(error.detach(), expected, rtol=1e-12, atol=1e-12)


@each_head
@given(data=st.data())
def test_the_errors_own_gradient_is_the_losss_second(
    task: Task, kind: HeadKind, data: st.DataObject
) -> None:
    head = make_head(task, kind)
    z, target = data.draw(outputs_and_targets(task, kind))
    z.requires_grad_()
    along = torch.linspace(-1, 1, z.numel(), dtype=torch.float64).view_as(z)
    (slope,) = torch.autograd.grad(head.loss(z, target).sum(), z, create_graph=True)
    expected, actual = (
        torch.autograd.grad((first * along).sum(), z)[0] for first in (slope, head.error(z, target))
    )
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-10)


@each_head
@given(data=st.data())
def test_the_loss_of_a_score_is_that_of_the_outputs(
    task: Task, kind: HeadKind, data: st.DataObject
) -> None:
    head = make_head(task, kind)
    z, target = data.draw(outputs_and_targets(task, kind))
    actual = row_loss(task, head.score(z), target)
    torch.testing.assert_close(actual, head.loss(z, target), rtol=1e-10, atol=1e-10)


class TestLevels:
    @pytest.mark.parametrize(("scale", "middle"), [((1, 5), 3), ((0, 10), 5), ((-2, 1), -0.5)])
    def test_equal_logits_give_the_middle_of_the_scale(
        self, scale: tuple[float, float], middle: float
    ) -> None:
        for step in (None, 0.5):
            head = make_head(RatingTask(scale=scale, step=step), "levels")
            z = torch.full((1, head.outputs), 7.0, dtype=torch.float64)
            assert_values(head.score(z), middle)

    def test_the_levels_of_half_stars_are_theirs(self) -> None:
        head = make_head(RatingTask(scale=(0.5, 5), step=0.5), "levels")
        for number in range(10):
            z = torch.zeros(1, 10, dtype=torch.float64)
            z[0, number] = 100
            assert_values(head.score(z), (number + 1) / 2)

    @given(z=st.lists(st.floats(-1e4, 1e4), min_size=5, max_size=5))
    def test_the_rating_lies_on_the_scale(self, z: list[float]) -> None:
        score = make_head(RATING, "levels").score(rows(z))
        assert 1 - 1e-12 <= score.item() <= 5 + 1e-12

    @pytest.mark.parametrize("level", range(5))
    def test_a_sure_level_is_the_rating(self, level: int) -> None:
        z = torch.zeros(1, 5, dtype=torch.float64)
        z[0, level] = 100
        assert_values(make_head(RATING, "levels").score(z), 1 + level)

    def test_adding_to_all_logits_changes_nothing(self) -> None:
        head, z, target = make_head(RATING, "levels"), rows(EIGHTHS), column(4)
        for shift in (-500, 500):
            assert_values(head.score(z + shift), *head.score(z).tolist())
            assert_values(head.error(z + shift, target), *head.error(z, target).tolist())


class TestFarOut:
    @each_head
    @pytest.mark.parametrize("size", [-1e4, 1e4])
    def test_losses_and_errors_stay_finite(self, task: Task, kind: HeadKind, size: float) -> None:
        head = make_head(task, kind)
        z = torch.zeros(2, head.outputs)
        z[:, -1] = size
        target = torch.tensor([0.0, 1.0])
        for found in (head.score(z), head.loss(z, target), head.error(z, target)):
            assert found.dtype == torch.float32
            assert found.isfinite().all()

    @each_click_head
    def test_a_click_thought_impossible_costs_its_logit(self, kind: HeadKind) -> None:
        head = make_head(CLICK, kind)
        z = torch.zeros(1, head.outputs, dtype=torch.float64)
        z[0, -1] = -1000
        assert_values(head.loss(z, column(1)), 900)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_the_loss_of_a_sure_probability_is_bounded(self, dtype: torch.dtype) -> None:
        score, target = torch.tensor([[0, 0, 1, 1], [1, 0, 1, 0]], dtype=dtype)
        expected = [0.9 * -math.log(1e-7), 1e-8, 9e-8, 0.1 * -math.log(1e-7)]
        loss = row_loss(CLICK, score, target)
        assert loss.tolist() == pytest.approx(expected, rel=0.02, abs=2e-8)


def test_the_loss_of_a_rating_is_its_squared_error() -> None:
    assert_values(row_loss(RATING, column(3.5, 0), column(4, 2)), 0.25, 4)
