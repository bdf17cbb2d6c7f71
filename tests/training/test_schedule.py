"""The outer rate's course, weight decay, and rows dealt anew."""

from typing import Any

import pytest

from pipeline_lib.training.fit import rate_share
from tests.training.toy import make_settings, state_bytes, train


@pytest.mark.parametrize(
    ("done", "share"), [(0.0, 0.04), (0.15, 0.52), (0.3, 1.0), (0.65, 0.5), (1.0, 0.0)]
)
def test_one_cycle_rises_then_falls(done: float, share: float) -> None:
    assert rate_share("one-cycle", done) == pytest.approx(share)
    assert rate_share("constant", done) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"schedule": "one-cycle"},
        {"weight_decay": 0.5},
        {"support_share": [0.4, 0.8]},
        {"clip_norm": 1e-3},
    ],
)
def test_each_setting_changes_the_training(change: dict[str, Any]) -> None:
    plain, _ = train("melu", epochs=2)
    other, history = train("melu", epochs=2, **change)
    assert len(history) == 2
    assert state_bytes(other) != state_bytes(plain)
    assert state_bytes(other) == state_bytes(train("melu", epochs=2, **change)[0])


@pytest.mark.parametrize("shares", [[0.8, 0.4], [0.0, 0.5], [0.5, 1.0]])
def test_shares_that_fall_or_leave_nothing_are_refused(shares: list[float]) -> None:
    with pytest.raises(ValueError, match="support_share"):
        make_settings("melu", support_share=shares)


def test_a_limit_of_rows_needs_shares_to_deal_by() -> None:
    with pytest.raises(ValueError, match="rows_per_user: needs support_share"):
        make_settings("melu", rows_per_user=256)


def test_a_limit_of_rows_changes_the_training() -> None:
    dealt, _ = train("melu", epochs=2, support_share=[0.4, 0.8])
    limited, _ = train("melu", epochs=2, support_share=[0.4, 0.8], rows_per_user=2)
    assert state_bytes(limited) != state_bytes(dealt)
