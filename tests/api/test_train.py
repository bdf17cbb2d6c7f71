"""A log in memory, split and trained on without a workflow."""

import polars as pl
import pytest

from pipeline_lib.api import compare, make_split, open_run, train
from pipeline_lib.api.frames import check_frames
from pipeline_lib.settings.features import AnyFeature
from pipeline_lib.settings.methods.base import parse_method
from pipeline_lib.settings.partition import Partition
from pipeline_lib.settings.task import RatingTask
from tests.workflow.small_project import SmallProject

TASK = RatingTask(scale=(1, 5))
MELU = {"kind": "melu", "epochs": 2, "users_per_batch": 16, "outer_lr": 0.004, "inner_lr": 0.2}
EFFECTS = {
    "factors": 2,
    "sweeps": 2,
    "item_shrinkage": 5,
    "user_variance": 0.2,
    "factor_variance": 0.1,
    "feature_variance": 0.2,
}
BIAS = {"kind": "two-bias", "item_shrinkage": 5, "user_shrinkage": 5, "label": "Two biases"}


def log(users: int = 60, rows: int = 6) -> pl.DataFrame:
    own = [
        (f"u{u}", f"i{(7 * u + n) % 20}", 1 + (u + n) % 5)
        for u in range(users)
        for n in range(rows)
    ]
    return pl.DataFrame(own, ["user", "item", "target"], orient="row")


def test_frames_of_a_finished_run_give_its_split_and_its_scores(finished: SmallProject) -> None:
    """What the workflow does by files, the frames give as well."""
    here = finished.folder / "results/sample/movielens"
    users = pl.read_parquet(here / "clean/users.parquet", glob=False)
    sound = users.filter(pl.col("problem").is_null()).drop("problem")
    assert sound.height == users.height
    frames = [
        pl.read_parquet(here / f"clean/{name}.parquet", glob=False)
        for name in ("interactions", "items")
    ]
    split = make_split(frames[0], sound, frames[1], task=TASK, partition_rules=Partition())
    run = open_run(here.parent)
    theirs = run.results("movielens", "two-bias")
    assert split.split.summary.sha256 == theirs.split_sha256
    settings = run.load("movielens", "two-bias").settings
    _, ours = train(settings, split)
    assert ours.users.equals(theirs.users)
    assert compare(ours, theirs)["difference"].to_list() == [0.0] * 5


def test_the_same_seed_gives_the_same_scores_and_another_others() -> None:
    split = make_split(log(), task=TASK)
    first, again, other = (train(MELU, split, seed=seed)[1] for seed in (0, 0, 1))
    assert first.predictions.equals(again.predictions)
    assert not first.users.drop("seed").equals(other.users.drop("seed"))
    assert other.users["seed"].unique().to_list() == [1]


def test_a_trained_method_adapts_to_an_invented_user() -> None:
    users = pl.DataFrame(
        {
            "user": [f"u{u}" for u in range(60)],
            "age": [20 + u for u in range(60)],
            "town": ["a", None, "b"] * 20,
            "likes": [["x"], ["x", "y"], []] * 20,
        }
    )
    items = pl.DataFrame(
        {"item": [f"i{i}" for i in range(20)], "price": [float(i) for i in range(20)]}
    )
    trained, results = train(MELU, make_split(log(), users, items, task=TASK))
    assert results.method == "melu"
    assert {*trained.user_features} == {"age", "town", "likes"}
    scores = trained.adapt({"age": 33, "town": "b", "likes": ["x", "y"]}, {"i3": 5.0})
    assert scores.height == 20
    assert (scores["before"] != scores["after"]).all()
    with pytest.raises(ValueError, match="age is a number, not 'old'"):
        trained.adapt({"age": "old"}, {})


@pytest.mark.parametrize("kind", ["anil", "effects-melu"])
def test_a_method_with_a_rate_in_its_settings_takes_another(kind: str) -> None:
    effects = EFFECTS if kind == "effects-melu" else {}
    trained, _ = train(MELU | effects | {"kind": kind, "epochs": 1}, make_split(log(), task=TASK))
    own, same, bolder = (trained.adapt({}, {"i3": 5.0}, rate) for rate in (None, 0.2, 0.4))
    assert own.equals(same)
    moved = [(scores["after"] - scores["before"]).to_numpy() for scores in (own, bolder)]
    assert moved[1] == pytest.approx(2 * moved[0], rel=1e-6)


def test_the_settings_it_was_trained_with_are_whole() -> None:
    trained, results = train(BIAS, make_split(log(), task=TASK))
    assert results.method == trained.name == "Two biases"
    assert parse_method(trained.settings).for_training() == trained.settings


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": 9}, r"interactions: row 0, column target: .*: 9"),
        ({"user": ""}, "interactions: row 0, column user"),
        ({"item": None}, "interactions: row 0, column item"),
        ({"target": "five"}, "interactions: .*five"),
        ({"stars": 1}, "interactions: .*stars"),
    ],
)
def test_a_wrong_frame_is_refused(change: dict[str, object], message: str) -> None:
    first = log().head(1).with_columns(**{n: pl.lit(value) for n, value in change.items()})
    wrong = pl.concat([first, log()[1:]], how="diagonal_relaxed")
    with pytest.raises(ValueError, match=message):
        make_split(wrong, task=TASK)


def test_a_user_without_a_row_and_a_repeated_one_are_refused() -> None:
    users = pl.DataFrame({"user": [f"u{u}" for u in range(1, 60)], "age": ["a"] * 59})
    with pytest.raises(ValueError, match="users: user 'u0' of the interactions has no row"):
        make_split(log(), users, task=TASK)
    twice = pl.concat([log(), log().head(1)])
    with pytest.raises(ValueError, match=r"interactions: .*unique"):
        make_split(twice, task=TASK)
    with pytest.raises(ValueError, match="there is no column 'user'"):
        make_split(log(), users.rename({"user": "name"}), task=TASK)


def test_kinds_of_features_go_by_the_columns_types() -> None:
    users = pl.DataFrame({"user": ["u0"], "a": ["x"], "b": [["x"]], "c": [3], "d": [True]})
    rows = log().head(1)
    frames = check_frames(rows, users, None, TASK)
    kinds = {name: kind_of(own) for name, own in frames.user_features.items()}
    assert kinds == {"a": "categorical", "b": "multi-valued", "c": "numeric", "d": "categorical"}
    assert frames.group_features == ["a", "d"]


def kind_of(feature: AnyFeature) -> str:
    return str(feature.kind)
