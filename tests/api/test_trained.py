"""A method of a finished run, adapted to invented users."""

import polars as pl
import pytest

from pipeline_lib.api import OpenedRun, TrainedMethod, open_run
from tests.workflow.small_project import SmallProject


@pytest.fixture(scope="module")
def run(finished: SmallProject) -> OpenedRun:
    return open_run(finished.folder / "results/sample")


@pytest.fixture(scope="module")
def paml(run: OpenedRun) -> TrainedMethod:
    return run.load("movielens", "paml")


def profile(method: TrainedMethod) -> dict[str, str]:
    return {n: own[0] for n, own in method.user_features.items() if isinstance(own, list)}


def test_a_test_user_invented_again_gets_the_same_scores(
    run: OpenedRun, paml: TrainedMethod
) -> None:
    """With the profile and the support rows that the log has of that user."""
    here = run.folder / "movielens"
    predicted = run.results("movielens", "paml").predictions.filter(seed=0)
    user = predicted["user"][0]
    users = pl.read_parquet(here / "clean/users.parquet", glob=False).filter(user=user)
    rows = pl.read_parquet(here / "split/interactions.parquet", glob=False)
    support = rows.filter(user=user, part="support").select("item", "target")
    known = paml.user_features
    features = users.drop("user", "problem").row(0, named=True)
    met = {name: value for name, value in features.items() if value in known[name]}
    scores = paml.adapt(met, dict(support.iter_rows()))
    both = predicted.filter(user=user).join(scores, on="item")
    assert both.height == predicted.filter(user=user).height
    assert both["after"].to_list() == pytest.approx(both["score"].to_list(), abs=1e-6)
    shown = scores.drop_nulls("target").select("item", "target").sort("item")
    assert shown.rows() == [(i, float(t)) for i, t in support.sort("item").rows()]


def test_no_rate_moves_nothing_and_a_small_one_moves_in_proportion(paml: TrainedMethod) -> None:
    support = {paml.items[0]: 5.0, paml.items[1]: 1.0}
    moved = []
    for rate in (0.0, 1e-4, 2e-4):
        scores = paml.adapt(profile(paml), support, inner_lr=rate)
        moved.append((scores["after"] - scores["before"]).to_numpy())
    assert abs(moved[0]).max() == 0
    assert moved[2] == pytest.approx(2 * moved[1], rel=1e-2)
    assert abs(moved[1]).min() > 0


def test_the_methods_own_rate_is_that_of_its_settings(run: OpenedRun) -> None:
    melu = run.load("movielens", "melu", seed=1)
    support, rate = {melu.items[2]: 4.0}, float(melu.settings["inner_lr"])
    first, second = (melu.adapt({}, support, inner_lr=r) for r in (None, rate))
    assert first.equals(second)


def test_what_is_wrong_is_said(run: OpenedRun, paml: TrainedMethod) -> None:
    item = paml.items[0]
    with pytest.raises(ValueError, match="profile: unknown feature 'gendr'; did you mean 'gender'"):
        paml.adapt({"gendr": "F"}, {})
    with pytest.raises(ValueError, match="profile: gender: unknown value 'X'"):
        paml.adapt({"gender": "X"}, {})
    with pytest.raises(ValueError, match="profile: age: write '25', a text, not 25"):
        paml.adapt({"age": 25}, {})
    with pytest.raises(ValueError, match="support: unknown item 'none'"):
        paml.adapt({}, {"none": 5.0})
    with pytest.raises(ValueError, match=f"7 for item '{item}' is not within 1 to 5"):
        paml.adapt({}, {item: 7.0})
    with pytest.raises(ValueError, match="TwoBias has no inner rate to choose"):
        run.load("movielens", "two-bias").adapt({}, {item: 5.0}, inner_lr=0.1)
