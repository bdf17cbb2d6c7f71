"""Generated sample logs in the raw layout of Ali_Display_Ad_Click, at any size."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline_lib.data.sample.clicks import ClickPlan, plan_clicks
from pipeline_lib.data.sample.planted import Floats, Ints, Rng, stream
from pipeline_lib.settings.dataset import SampleLogs
from pipeline_lib.storage.tables import atomic_path

BLOCK = 20_000  # users whose rows are in memory at once
DAY = 86_400
LAST_SECOND = 1_494_691_200
SHOWN_DAYS, WATCHED_DAYS = 8, 22
SHOWN_AGAIN, WRITTEN_TWICE = 0.03, 0.01
CONSIDERED = 4

Block = Callable[[Rng, ClickPlan, Ints], pl.DataFrame]


def write_sample_taobao(files: Mapping[str, Path], sample: SampleLogs) -> None:
    """Write the files `users`, `items_1`, `interactions` and `events`.

    Clicks follow a planted model (`plan_clicks`): a user belongs to one of four hidden groups
    with opposed tastes, which the profile hints at, an ad's category, brand and price carry the
    traits the groups like or dislike, and ads differ in quality. A user is shown 23 ads on
    average, as in the real log, and clicks on 5 % of them, in a small log on about 20 %. Whatever
    the size, only a block of users is in memory at once.
    """
    plan = plan_clicks(sample)
    branded = pl.when("branded").then(pl.col("brand").cast(pl.String)).otherwise(pl.lit("NULL"))
    ads = plan.ads.with_columns(brand=branded)
    _write(files["users"], [plan.users.filter("listed").drop("listed")])
    _write(files["items_1"], [ads.filter("listed").drop("branded", "listed")])
    _write(files["interactions"], _blocks(plan, stream(sample.seed, 1), _impressions))
    _write(files["events"], _blocks(plan, stream(sample.seed, 2), _events))


def _blocks(plan: ClickPlan, rng: Rng, block: Block) -> Iterator[pl.DataFrame]:
    users = np.arange(len(plan.users))
    for first in range(0, len(users), BLOCK):
        yield block(rng, plan, users[first : first + BLOCK])


def _impressions(rng: Rng, plan: ClickPlan, users: Ints) -> pl.DataFrame:
    user = np.repeat(users, 1 + rng.lognormal(2.8, 0.8, len(users)).astype(np.int64))
    ad = _shown(rng, plan, len(user))
    again = 1 + np.flatnonzero(rng.random(len(ad) - 1) < SHOWN_AGAIN)
    ad[again] = np.where(user[again] == user[again - 1], ad[again - 1], ad[again])
    clicked = rng.random(len(ad)) < plan.click_chance(user, ad)
    rows = pl.DataFrame(
        {
            "user": plan.users["userid"].to_numpy()[user],
            "time_stamp": LAST_SECOND - 1 - rng.integers(0, SHOWN_DAYS * DAY, len(ad)),
            "adgroup_id": plan.ads["adgroup_id"].to_numpy()[ad],
            "pid": np.where(rng.random(len(ad)) < 0.6, "430548_1007", "430539_1007"),
            "nonclk": ~clicked,
            "clk": clicked,
        }
    ).cast({pl.Boolean: pl.UInt8})
    return rows[np.repeat(np.arange(len(rows)), 1 + (rng.random(len(rows)) < WRITTEN_TWICE))]


def _shown(rng: Rng, plan: ClickPlan, *shape: int) -> Ints:
    """Rows of ads, popular ones first: a power law without a table to search."""
    return plan.popularity[(len(plan.ads) * rng.random(shape) ** 2).astype(np.int64)]


def _events(rng: Rng, plan: ClickPlan, users: Ints) -> pl.DataFrame:
    """Rows on the best liked of a few ads each; what good ads are for is bought more often."""
    user = np.repeat(users, rng.poisson(plan.views, len(users)))
    considered = _shown(rng, plan, len(user), CONSIDERED)
    best = np.argmax(plan.affinity(user[:, None], considered), axis=1)
    ad = considered[np.arange(len(user)), best]
    return pl.DataFrame(
        {
            "user": plan.users["userid"].to_numpy()[user],
            "time_stamp": LAST_SECOND - 1 - rng.integers(0, WATCHED_DAYS * DAY, len(ad)),
            "btag": _tags(rng, plan.quality[ad]),
            "cate": plan.ads["cate_id"].to_numpy()[ad],
            "brand": plan.ads["brand"].to_numpy()[ad],
        }
    )


def _tags(rng: Rng, quality: Floats) -> npt.NDArray[np.str_]:
    luck = rng.random(len(quality)) / np.exp(quality)
    return np.select([luck < 0.01, luck < 0.025, luck < 0.045], ["buy", "fav", "cart"], "pv")


def _write(path: Path, blocks: Iterable[pl.DataFrame]) -> None:
    with atomic_path(path) as unfinished, unfinished.open("wb") as file:
        for number, block in enumerate(blocks):
            block.write_csv(file, include_header=number == 0, quote_style="never")
