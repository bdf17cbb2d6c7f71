"""Draw rows without a click: items that a user does not have."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_lib.partition.summary import NegativeCount
from pipeline_lib.seeds import combine_keys, hash_keys
from pipeline_lib.settings.partition import Negatives

CELLS = 2**22  # pairs of a user and an item at once
CLICKED = pl.col("target") > 0


def draw_negatives(
    rows: pl.DataFrame, items: pl.Series, rules: Negatives, seed: int
) -> tuple[pl.DataFrame, NegativeCount]:
    """Return rows without a click, `user`, `item`, `target`, `fold`, and how many there are.

    rows: all interactions of some users, with the same columns. items: those to draw from. A user
    gets `per_click` for each click, or as many as there are that the user does not have. By
    popularity, an item's chance is its share of training users' clicks. What a user gets depends on
    the user's name and rows, the items, their chances and the seed alone.
    """
    chances = _chances(rows, items, rules)
    named = chances.select("item").with_row_index("place")
    wanted = (CLICKED.sum() * rules.per_click).cast(pl.Int64).alias("wanted")
    users = rows.group_by("user", "fold").agg(wanted).sort("user")
    pairs = rows.select("user", "item").join(named, on="item")
    item_keys, at_once = hash_keys(named["item"], seed), max(1, CELLS // named.height)
    drawn = []
    for part in users.iter_slices(at_once):
        race = _race(hash_keys(part["user"], seed), item_keys) / chances["chance"].to_numpy()
        own = pairs.join(part.select("user").with_row_index("number"), on="user")
        race[own["number"].to_numpy(), own["place"].to_numpy()] = np.inf
        drawn.append(_first(part, named["item"], race))
    found = pl.concat(drawn).select(
        "user", "item", pl.lit(0).cast(rows.schema["target"]).alias("target"), "fold"
    )
    return found, _count(users, found)


def _chances(rows: pl.DataFrame, items: pl.Series, rules: Negatives) -> pl.DataFrame:
    """Return the items that may be drawn, `item`, sorted, and their chances, `chance`, above 0."""
    if rules.by == "uniform":
        return pl.DataFrame({"item": items.sort(), "chance": 1.0})
    clicks = rows.filter(CLICKED, fold="train").group_by("item").len("chance")
    return clicks.sort("item").with_columns(pl.col("chance").cast(pl.Float64))


def _race(users: pl.Series, items: pl.Series) -> NDArray[np.float64]:
    """Draw arrival times, [users, items]: exponential, of rate 1.

    Divided by chances, the first k of a user are k items drawn one after another, each by the
    chances of those that are left (Efraimidis and Spirakis 2006).
    """
    pairs = np.repeat(users.to_numpy(), len(items)), np.tile(items.to_numpy(), len(users))
    keys = combine_keys(*(pl.Series(side) for side in pairs)).to_numpy()
    uniform = ((keys >> np.uint64(11)) + 0.5) * 2.0**-53
    times: NDArray[np.float64] = -np.log(uniform).reshape(len(users), len(items))
    return times


def _first(users: pl.DataFrame, items: pl.Series, race: NDArray[np.float64]) -> pl.DataFrame:
    """Return each user's wanted items that arrive first: `user`, `fold`, `item`."""
    there = np.isfinite(race).sum(1)
    taken = np.minimum(users["wanted"].to_numpy(), there)
    order = race.argsort(axis=1, kind="stable")
    places = order[np.arange(order.shape[1]) < taken[:, None]]
    owners = np.repeat(np.arange(users.height), taken)
    return users[owners].select("user", "fold", items[places].alias("item"))


def _count(users: pl.DataFrame, found: pl.DataFrame) -> NegativeCount:
    drawn = found.group_by("user").len()
    both = users.join(drawn, on="user", how="left").with_columns(pl.col("len").fill_null(0))
    missing = (both["wanted"] - both["len"].cast(pl.Int64)).clip(0)
    return NegativeCount(
        drawn=found.height, missing=missing.sum(), short_users=int((missing > 0).sum())
    )
