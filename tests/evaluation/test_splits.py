"""Methods over splits: spreads and tests by hand, and what cannot be compared."""

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from pipeline_lib.evaluation.compare_splits import compare_splits
from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.evaluation.splits import SplitComparison
from pipeline_lib.evaluation.statistics import corrected_t_test
from pipeline_lib.partition.summary import SplitSummary
from tests.evaluation.trials import METHODS, MOVIELENS, trial

# By method and split, a value a seed.
MSE = {
    "global-mean": [[1.0], [1.2], [1.1]],
    "melu": [[1.3, 1.5], [1.6, 1.6], [1.1, 1.5]],
}


def split(seed: int, sha256: str | None = None) -> SplitSummary:
    return SplitSummary(
        sha256=sha256 or f"split-{seed}",
        seed=seed,
        clean_users=110,
        users_dropped={},
        users=100,
        items=5,
        interactions=900,
        users_by_fold={"train": 70, "validation": 10, "test": 20},
        users_by_group={"major": 60, "minor": 40},
        common_value_share={},
    )


def evaluations() -> list[Evaluation]:
    """Mix the methods, splits and seeds, as nothing depends on their order."""
    return [
        trial(method, seed, {"mse": value}, split=f"split-{number}").evaluation
        for number in (3, 1, 2)
        for method in ("melu", "global-mean")
        for seed, value in enumerate(MSE[method][number - 1])
    ]


def compared(
    splits: Sequence[SplitSummary] = (split(1), split(2), split(3)),
    found: Sequence[Evaluation] | None = None,
) -> SplitComparison:
    methods = {name: METHODS[name] for name in MSE}
    return compare_splits(MOVIELENS, methods, splits, found or evaluations(), 0)


def test_both_spreads_by_hand() -> None:
    """MeLU's means are 1.4, 1.6 and 1.3; its seeds' variances 0.02, 0 and 0.08."""
    mean, melu = (method.metrics["mse"] for method in compared().methods)
    assert melu.values == pytest.approx([1.4, 1.6, 1.3])
    assert melu.mean == pytest.approx(4.3 / 3)
    assert melu.sd == pytest.approx(np.std([1.4, 1.6, 1.3], ddof=1))
    assert melu.seed_sd == pytest.approx(np.sqrt(0.1 / 3))
    assert (mean.values, mean.seed_sd) == ([1.0, 1.2, 1.1], None)


def test_differences_are_split_by_split_and_corrected_for_shared_users() -> None:
    """Differences 0.4, 0.4 and 0.2; 20 test users to 70 training users."""
    pair = compared().pair("mse", "melu", "global-mean")
    assert pair is not None
    differences = np.array([0.4, 0.4, 0.2])
    error = np.sqrt((1 / 3 + 20 / 70) * differences.var(ddof=1))
    assert pair.difference == pytest.approx(1 / 3)
    assert pair.p == pytest.approx(2 * t.sf(1 / 3 / error, 2))
    assert pair.low == pytest.approx(1 / 3 - t.ppf(0.975, 2) * error)
    assert pair.effect == pytest.approx(1 / 3 / differences.std(ddof=1))
    turned = compared().pair("mse", "global-mean", "melu")
    assert turned is not None
    assert (turned.difference, turned.low, turned.p) == (-pair.difference, -pair.high, pair.p)  # type: ignore[operator]


def test_without_shared_users_it_is_students_test() -> None:
    differences = np.array([0.1, -0.2, 0.4, 0.3])
    p, low, high = corrected_t_test(differences, 0.0)
    student = ttest_1samp(differences, 0)
    assert p == pytest.approx(student.pvalue)
    assert (low, high) == pytest.approx(tuple(student.confidence_interval()))


@pytest.mark.parametrize("differences", [[], [0.5], [0.5, 0.5]])
def test_no_spread_gives_no_test(differences: list[float]) -> None:
    assert corrected_t_test(np.array(differences), 0.3) == (None, None, None)


def test_the_correction_widens_what_is_claimed() -> None:
    differences = np.array([0.1, -0.2, 0.4, 0.3])
    (plain, *_), (corrected, *_) = (corrected_t_test(differences, share) for share in (0.0, 2 / 7))
    assert plain is not None
    assert corrected is not None
    assert plain < corrected


def test_holm_counts_the_pairs_of_a_metric() -> None:
    only = compared().pairs
    assert [(pair.p, pair.holm_p) for pair in only] == [(only[0].p, only[0].p)]


@pytest.mark.parametrize(
    ("splits", "found", "error"),
    [
        ([split(1), split(2, "split-1")], None, "two of 2 split seeds give the same split"),
        ([split(1), split(2)], None, r"\S+ was judged on split split-3"),
        ([split(1), split(2), split(3)], evaluations()[:-1], "no result of global-mean on"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    splits: Sequence[SplitSummary], found: Sequence[Evaluation] | None, error: str
) -> None:
    with pytest.raises(ValueError, match=f"movielens: {error}"):
        compared(splits, found)


def test_a_method_that_was_stopped_on_one_split_is_left_out_and_named() -> None:
    """The rest is what the other method has alone."""
    found, why = evaluations(), {"stopped": "epoch 3: too large", "metrics": {}}
    place = next(n for n, e in enumerate(found) if e.method == "melu")
    found[place] = found[place].model_copy(update=why)
    result = compared(found=found)
    (left_out,) = result.stopped
    assert left_out.note == "MeLU is left out. Split 3, seed 0 was stopped in epoch 3: too large."
    assert left_out.seeds == [0, 1]
    alone = {"methods": compared().methods[:1], "pairs": [], "stopped": []}
    assert result.model_copy(update={"stopped": []}) == compared().model_copy(update=alone)
