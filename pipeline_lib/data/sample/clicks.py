"""The planted model of the generated ad log: users, ads, and how likely who clicks on what."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import expit

from pipeline_lib.data.sample import planted
from pipeline_lib.data.sample.planted import Floats, Ints, Rng
from pipeline_lib.settings.dataset import SampleLogs

MANY_USERS = 100_000
TASTE = 2.5  # weight in the log odds of a click
BRANDS, CAMPAIGNS, CATEGORIES, CUSTOMERS = 461_497, 423_436, 12_960, 255_875
PRICES = 50


@dataclass(frozen=True)
class ClickPlan:
    """Users with their tastes, and ads with their traits and quality, row by row.

    users: the raw file's columns, and whether the raw file has the row.
    ads: the same, and whether the raw file tells the brand.
    popularity: the ads' rows, most often shown first.
    base: log odds of a click. In a small log they are raised, so that most users have clicks to
    learn from.
    views: rows of further behaviour a user, on average; also more in a small log.
    """

    users: pl.DataFrame
    tastes: Floats
    ads: pl.DataFrame
    traits: Floats
    quality: Floats
    popularity: Ints
    base: float
    views: float

    def affinity(self, user: Ints, ad: Ints) -> Floats:
        """Compute how well ads meet users' tastes, from their rows."""
        liking: Floats = np.einsum("...i,...i", self.tastes[user], self.traits[ad])
        return liking

    def click_chance(self, user: Ints, ad: Ints) -> Floats:
        """Compute the probability that users click on ads they are shown, from their rows."""
        odds = self.base + self.quality[ad] + TASTE * self.affinity(user, ad)
        chance: Floats = expit(odds)
        return chance


def plan_clicks(sample: SampleLogs) -> ClickPlan:
    """Draw the users, the ads and the planted preference of a generated ad log."""
    rng = planted.stream(sample.seed)
    users, liked = _users(rng, sample.users)
    ads, traits = _ads(rng, sample.items)
    base, views = (-5.5, 1.5) if sample.users >= MANY_USERS else (-2.6, 20)
    return ClickPlan(
        users=users,
        tastes=liked,
        ads=ads,
        traits=traits,
        quality=rng.normal(0, 0.5, sample.items),
        popularity=rng.permutation(sample.items),
        base=base,
        views=views,
    )


def _users(rng: Rng, users: int) -> tuple[pl.DataFrame, Floats]:
    common = rng.random(users) < planted.COMMON_USERS
    profile = tuple(planted.ranks(rng, common, values) for values in (2, 6, 3, 3, 2, 4))
    gender, age, value, shopping, student, town = profile
    ages = np.array([3, 4, 5, 2, 1, 6])[age]
    group = ages + 6 * gender
    segment = np.where(rng.random(users) < 0.56, 0, 8 * (group - 1) + rng.integers(1, 9, users))
    table = {
        "userid": np.sort(_ids(rng, users, users + users // 10)),
        "cms_segid": segment,
        "cms_group_id": group,
        "final_gender_code": 2 - gender,
        "age_level": ages,
        "pvalue_level": _some(rng, 0.5, np.array([2, 1, 3])[value]),
        "shopping_level": 3 - shopping,
        "occupation": student,
        "new_user_class_level ": _some(rng, 0.8, np.array([2, 3, 4, 1])[town]),
        "listed": planted.slots(rng, users, 20) > 0,
    }
    return pl.DataFrame(table), planted.tastes(rng, common, profile)


def _ads(rng: Rng, ads: int) -> tuple[pl.DataFrame, Floats]:
    categories, brands = np.clip(ads // 25, 12, 6769), max(10, ads // 8)
    category = rng.choice(categories, ads, p=planted.zipf(categories, 0.7))
    brand = rng.choice(brands, ads, p=planted.zipf(brands, 0.7))
    branded = rng.random(ads) < 0.7
    price = rng.integers(0, PRICES, ads)
    traits = rng.permutation(planted.circle(categories))[category]
    traits += np.where(branded[:, None], rng.permutation(planted.circle(brands))[brand], 0)
    traits += 0.7 * planted.directions(np.pi * price / PRICES)
    table = {
        "adgroup_id": _ids(rng, ads, ads + ads // 10),
        "cate_id": _ids(rng, categories, CATEGORIES)[category],
        "campaign_id": rng.choice(rng.integers(1, CAMPAIGNS, ads // 2 + 1), ads),
        "customer": rng.choice(rng.integers(1, CUSTOMERS, ads // 3 + 1), ads),
        "brand": _ids(rng, brands, max(brands, BRANDS))[brand],
        "price": price.astype(np.float64),
        "branded": branded,
        "listed": planted.slots(rng, ads, 100) > 0,
    }
    return pl.DataFrame(table), planted.standardised(traits)


def _ids(rng: Rng, number: int, highest: int) -> Ints:
    """Draw different ids in random order, with gaps."""
    ids: Ints = rng.choice(highest, number, replace=False) + 1
    return ids


def _some(rng: Rng, share: float, values: Ints) -> pl.Series:
    """Leave out all but a share of the values."""
    known = pl.Series(rng.random(len(values)) < share)
    return pl.select(pl.when(known).then(pl.Series(values))).to_series()
