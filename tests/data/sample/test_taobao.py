"""The generated ad log: raw layout, dirt, determinism, size and planted click chances."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import rankdata

from pipeline_lib.data.sample import taobao
from pipeline_lib.data.sample.clicks import ClickPlan, plan_clicks
from pipeline_lib.data.sample.taobao import write_sample_taobao
from pipeline_lib.settings.dataset import SampleLogs
from tests.data.sample.recovery import (
    Floats,
    Ints,
    most_of_each,
    multi_hot,
    personal_error,
    profile_error,
    without_biases,
)

ROLES = {
    "users": "user_profile.csv",
    "items_1": "ad_feature.csv",
    "interactions": "raw_sample.csv",
    "events": "behavior_log.csv",
}
SAMPLE = SampleLogs(generator="taobao", users=1000, items=600, seed=11)
ID = r"[1-9]\d*"
HEADERS = {
    "users": (
        "userid,cms_segid,cms_group_id,final_gender_code,age_level,pvalue_level,shopping_level,"
        "occupation,new_user_class_level \n"
    ),
    "items_1": "adgroup_id,cate_id,campaign_id,customer,brand,price\n",
    "interactions": "user,time_stamp,adgroup_id,pid,nonclk,clk\n",
    "events": "user,time_stamp,btag,cate,brand\n",
}
LAYOUTS = {
    "users": rf"{ID},(\d|[1-9]\d),([1-9]|1[0-2]),[12],[1-6],[123]?,[123],[01],[1-4]?\n",
    "items_1": rf"{ID},{ID},{ID},{ID},({ID}|NULL),([1-4]?\d)\.0\n",
    "interactions": rf"{ID},149[34]\d{{6}},{ID},4305(39|48)_1007,(0,1|1,0)\n",
    "events": rf"{ID},149[2-4]\d{{6}},(pv|cart|fav|buy),{ID},{ID}\n",
}


def write_into(folder: Path, sample: SampleLogs) -> None:
    write_sample_taobao({role: folder / name for role, name in ROLES.items()}, sample)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "sample"
    write_into(folder, SAMPLE)
    return folder


@pytest.fixture(scope="module")
def logs(folder: Path) -> dict[str, pl.DataFrame]:
    return {role: pl.read_csv(folder / name, null_values="NULL") for role, name in ROLES.items()}


@pytest.fixture(scope="module")
def plan() -> ClickPlan:
    return plan_clicks(SAMPLE)


@pytest.fixture(scope="module")
def shown(logs: dict[str, pl.DataFrame], plan: ClickPlan) -> tuple[Ints, Ints]:
    """The rows, in the plan, of each impression's user and ad."""
    rows = logs["interactions"]
    sides = (rows["user"], plan.users["userid"]), (rows["adgroup_id"], plan.ads["adgroup_id"])
    user, ad = (_rows_of(wanted.to_list(), ids.to_list()) for wanted, ids in sides)
    return user, ad


def _rows_of(wanted: list[int], ids: list[int]) -> Ints:
    row = {value: number for number, value in enumerate(ids)}
    return np.array([row[value] for value in wanted])


@pytest.fixture(scope="module")
def clicked(logs: dict[str, pl.DataFrame]) -> Floats:
    return logs["interactions"]["clk"].to_numpy().astype(np.float64)


def _auc(score: Floats, clicked: Floats) -> float:
    hits, ranks = clicked.sum(), rankdata(score)
    below = ranks[clicked == 1].sum() - hits * (hits + 1) / 2
    return float(below / (hits * (len(clicked) - hits)))


@pytest.mark.parametrize("role", ROLES)
def test_every_line_has_the_raw_layout(folder: Path, role: str) -> None:
    header, *lines = (folder / ROLES[role]).read_text("ascii").splitlines(keepends=True)
    assert header == HEADERS[role]
    assert [line for line in lines if not re.fullmatch(LAYOUTS[role], line)] == []


def test_ids_are_unique_with_gaps_and_the_group_tells_gender_and_age(
    logs: dict[str, pl.DataFrame],
) -> None:
    users, ads = logs["users"], logs["items_1"]
    assert users["userid"].is_unique().all()
    assert users["userid"].is_sorted()
    assert ads["adgroup_id"].is_unique().all()
    assert SAMPLE.users < users["userid"].max() <= 1.1 * SAMPLE.users  # type: ignore[operator]
    female = pl.col("final_gender_code") == 2
    group = pl.col("age_level") + pl.when(female).then(0).otherwise(6)
    assert users.select((group == pl.col("cms_group_id")).all()).item()
    assert 0.4 < (users["cms_segid"] == 0).mean() < 0.7  # type: ignore[operator]


def test_every_kind_of_dirt_is_there_in_the_real_shares(logs: dict[str, pl.DataFrame]) -> None:
    users, ads, rows = logs["users"], logs["items_1"], logs["interactions"]
    shares = {
        "no pvalue_level": users["pvalue_level"].null_count() / len(users),
        "no class level": users["new_user_class_level "].null_count() / len(users),
        "no brand": ads["brand"].null_count() / len(ads),
        "no profile": (~rows["user"].is_in(users["userid"].implode())).sum() / len(rows),
        "no ad": (~rows["adgroup_id"].is_in(ads["adgroup_id"].implode())).sum() / len(rows),
        "twice": 1 - rows.n_unique() / len(rows),
        "again": 1 - rows.n_unique(["user", "adgroup_id"]) / rows.n_unique(),
    }
    usual = {
        "no pvalue_level": (0.45, 0.55),
        "no class level": (0.15, 0.25),
        "no brand": (0.25, 0.35),
        "no profile": (0.03, 0.07),
        "no ad": (0.001, 0.03),
        "twice": (0.005, 0.015),
        "again": (0.03, 0.15),
    }
    assert [k for k, (low, high) in usual.items() if not low < shares[k] < high] == []


def test_most_users_have_ten_impressions_and_two_clicked_ads(
    logs: dict[str, pl.DataFrame], clicked: Floats
) -> None:
    rows = logs["interactions"]
    shown = rows["user"].value_counts()["count"]
    hits = rows.filter(pl.col("clk") == 1).unique(["user", "adgroup_id"])["user"].value_counts()
    assert 0.15 < clicked.mean() < 0.22
    assert (shown >= 10).sum() > 0.7 * SAMPLE.users
    assert (hits["count"] >= 2).sum() > 0.65 * SAMPLE.users
    assert float(shown.to_numpy().mean()) > 1.25 * np.median(shown)


def test_planted_chances_are_the_share_of_clicks_and_taste_tells_more_than_quality(
    plan: ClickPlan, shown: tuple[Ints, Ints], clicked: Floats
) -> None:
    user, ad = shown
    chance = plan.click_chance(user, ad)
    by_quality = _auc(plan.quality[ad], clicked)
    by_taste = _auc(plan.affinity(user, ad), clicked)
    assert chance.mean() == pytest.approx(clicked.mean(), abs=0.01)
    for tenth in np.array_split(np.argsort(chance), 10):
        assert clicked[tenth].mean() == pytest.approx(chance[tenth].mean(), abs=0.04)
    assert 0.55 < by_quality < by_taste - 0.1
    assert by_taste < _auc(chance, clicked)
    assert by_taste > 0.7


def test_taste_is_personal_and_hinted_at_by_the_profile(
    plan: ClickPlan, shown: tuple[Ints, Ints], clicked: Floats
) -> None:
    """A fit per user takes at least 7 % off the error of biases, one per profile 1 %."""
    user, ad = shown
    columns = ("final_gender_code", "age_level", "shopping_level", "occupation")
    features = [
        [f"{name}={value}" for name, value in zip(columns, values, strict=True)]
        for values in plan.users.select(columns).iter_rows()
    ]
    support = most_of_each(user)
    unexplained = without_biases(clicked, (ad, user), support)
    shared = (unexplained[~support] ** 2).mean()
    hinted = profile_error(multi_hot(features)[user], plan.traits[ad], unexplained, support)
    learnt = personal_error(plan.traits[ad], unexplained, user, support, penalty=5)
    assert learnt < 0.93 * shared
    assert learnt < hinted < 0.99 * shared


def test_category_brand_and_price_carry_the_traits(plan: ClickPlan) -> None:
    bands = plan.ads.select("cate_id", "brand", price=pl.col("price") // 10)
    for column in bands.columns:
        groups = [
            ads.to_numpy() for ads in bands.with_row_index().group_by(column).agg("index")["index"]
        ]
        inside = sum(((plan.traits[g] - plan.traits[g].mean(axis=0)) ** 2).sum() for g in groups)
        assert inside < 0.95 * (plan.traits**2).sum()


def test_behaviour_is_on_liked_ads_and_good_ones_are_bought(logs: dict[str, pl.DataFrame]) -> None:
    tags = Counter(logs["events"]["btag"])
    assert set(tags) == {"pv", "cart", "fav", "buy"}
    assert 0.92 < tags["pv"] / tags.total() < 0.97
    assert tags.total() == pytest.approx(20 * SAMPLE.users, rel=0.1)


def test_a_large_log_has_the_real_rate_of_clicks() -> None:
    plan = plan_clicks(SAMPLE.model_copy(update={"users": 100_000, "items": 5_000}))
    user = np.arange(len(plan.users))
    ad = np.random.default_rng(0).integers(0, 5_000, len(user))
    assert plan.click_chance(user, ad).mean() == pytest.approx(0.05, abs=0.01)


def test_blocks_of_users_make_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taobao, "BLOCK", 64)
    write_into(tmp_path, SAMPLE)
    rows = pl.read_csv(tmp_path / ROLES["interactions"])
    assert (tmp_path / ROLES["interactions"]).read_text().count("user") == 1
    assert rows["user"].is_sorted()
    assert rows["user"].n_unique() == SAMPLE.users


@pytest.mark.parametrize(("users", "items"), [(20, 20), (20, 300), (400, 20)])
def test_small_samples_are_complete(users: int, items: int, tmp_path: Path) -> None:
    write_into(tmp_path, SAMPLE.model_copy(update={"users": users, "items": items}))
    assert pl.read_csv(tmp_path / ROLES["interactions"])["user"].n_unique() == users
    assert len(pl.read_csv(tmp_path / ROLES["items_1"])) >= 0.95 * items


def test_a_log_that_cannot_be_finished_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*args: object) -> pl.DataFrame:
        raise OSError("disk full")

    (tmp_path / "raw_sample.csv").write_text("old")
    monkeypatch.setattr(taobao, "_impressions", stop)
    with pytest.raises(OSError, match="disk full"):
        write_into(tmp_path, SAMPLE)
    assert (tmp_path / "raw_sample.csv").read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} <= set(ROLES.values())
