"""Which rows of a user adapt, which judge, and which take no part."""

import polars as pl

from pipeline_lib.partition.rules import exact
from pipeline_lib.schemas.columns import PARTS
from pipeline_lib.seeds import combine_keys, hash_keys
from pipeline_lib.settings.partition import Partition


def part_rows(rows: pl.DataFrame, rules: Partition, seed: int) -> pl.DataFrame:
    """Add the column `part`: support, query, or null for a row that takes no part.

    rows: `user`, `item` and `fold`, null where a row takes no part, and `time` where the rules go
    by it. With a cut, test users' rows from then on are query and those before support; of all
    others only rows before it count. In a quadrant a user's test rows are parted by themselves.
    """
    if rules.quadrant:
        judged, idle = pl.col("fold") == "test", pl.col("fold").is_null()
        own = [assign_parts(rows.filter(which), rules, seed) for which in (judged, ~judged)]
        return pl.concat([*own, rows.filter(idle).with_columns(part=pl.lit(None, pl.String))])
    if rules.cut is None:
        return assign_parts(rows, rules, seed)
    test, later = pl.col("fold") == "test", pl.col("time") >= rules.cut
    by_cut = pl.when(~later).then(pl.lit("support")).when(test).then(pl.lit("query"))
    return pl.concat(
        [
            assign_parts(rows.filter(~test & ~later), rules, seed),
            rows.filter(test | later).with_columns(by_cut.alias("part")),
        ]
    )


def assign_parts(rows: pl.DataFrame, rules: Partition, seed: int) -> pl.DataFrame:
    """Add the column `part`: support and query of each user, drawn or by time; null for others.

    rows: `user` and `item`, and `time` where parts go by it; at least `rules.fewest` of each user.
    Without numbers of rows the query part has `rules.query_share` of them, halves rounded up, at
    least one row, and leaves the support one. By time support comes first, and rows of one time
    are drawn. A user's parts depend on that user's rows and the seed alone.
    """
    keys = combine_keys(hash_keys(rows["user"], seed), hash_keys(rows["item"], seed))
    sizes = dict(zip(PARTS, _sizes(rules), strict=True))
    first, second = PARTS if rules.parts_by == "time" else reversed(PARTS)
    place, end = _place(rules), sizes[first] + sizes[second]
    part = pl.when(place <= sizes[first]).then(pl.lit(first)).when(place <= end)
    keyed = rows.with_columns(keys.alias("key"))
    return keyed.with_columns(part.then(pl.lit(second)).alias("part")).drop("key")


def count_ties(rows: pl.DataFrame) -> int:
    """Count the users with support and query rows of one time; rows: `user`, `time`, `part`."""
    times = rows.group_by("user").agg(
        pl.col("time").filter(part="support").max().alias("last"),
        pl.col("time").filter(part="query").min().alias("first"),
    )
    return times.filter(pl.col("last") == pl.col("first")).height


def _place(rules: Partition) -> pl.Expr:
    """Return a row's number among its user's, from 1: in the order of keys, or of times first."""
    drawn = pl.col("key").rank("ordinal")
    if rules.parts_by == "draw":
        return drawn.over("user")
    earlier = pl.col("time").rank("dense").cast(pl.Int64) * pl.len()
    return (earlier + drawn).rank("ordinal").over("user")


def _sizes(rules: Partition) -> tuple[pl.Expr, pl.Expr]:
    """Return how many rows of a user are support, and how many query."""
    count = pl.len().over("user").cast(pl.Int64)
    if rules.support:
        support = pl.lit(rules.support.rows, pl.Int64)
        query = pl.lit(rules.query.rows, pl.Int64) if rules.query else count - support
        return support, query
    if rules.query:
        query = pl.lit(rules.query.rows, pl.Int64)
        return count - query, query
    share = exact(rules.query_share)
    rounded = (2 * share.numerator * count + share.denominator) // (2 * share.denominator)
    query = rounded.clip(1, count - 1)
    return count - query, query
