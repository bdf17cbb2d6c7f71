"""How well scores order each user's query rows, or all users' rows together."""

from collections.abc import Sequence

import polars as pl

from pipeline_lib.metrics.errors import aggregate

CLICKED = pl.col("target") == 1
USER = ["user"]
TARGET = pl.col("target").cast(pl.Float64)
EXPONENTIAL = 2**TARGET - 1
RANKABLE = (pl.len() > 1) & CLICKED.any()


def linear_gain(lowest: float) -> pl.Expr:
    """Return the gain of a row that is its target; above the lowest one where that is below 0."""
    return TARGET - min(lowest, 0.0)


def user_ndcg(
    rows: pl.DataFrame, k: int, keys: Sequence[str] = USER, gain: pl.Expr = EXPONENTIAL
) -> pl.DataFrame:
    """Compute each user's nDCG@k with discount log2(1 + rank).

    rows: `user`, `target`, `score`. gain: of a row. Returns [*keys, value], sorted. Equal scores
    share the mean of what their ranks would give (the expectation over random orders), so a
    constant score earns no better than chance. A user with fewer than k rows is ranked over those
    there are; one with a single row, or with no gain at all, cannot be ranked and gets null.
    """
    graded = rows.select(*keys, "score", gain.alias("gain"))
    terms = graded.with_columns(dcg=_term(keys, "score", k), ideal=_term(keys, "gain", k))
    dcg, ideal = pl.col("dcg").sum(), pl.col("ideal").sum()
    return aggregate(terms, keys, value=pl.when((pl.len() > 1) & (ideal > 0)).then(dcg / ideal))


def _term(keys: Sequence[str], by: str, k: int) -> pl.Expr:
    """Compute each row's term of the DCG of the order by a column."""
    rank = pl.col(by).rank("ordinal", descending=True).over(keys)
    discount = pl.when(rank <= k).then(1 / (1 + rank).log(2)).otherwise(0.0)
    return pl.col("gain").mean().over(*keys, by) * discount


def user_recall(rows: pl.DataFrame, k: int, keys: Sequence[str] = USER) -> pl.DataFrame:
    """Compute the share of each user's clicks that are among the k rows of the highest scores.

    rows: `user`, `target`, 0 or 1, and `score`. Returns [*keys, value], sorted. Equal scores count
    as in `user_ndcg`. A user without a click, or with a single row, gets null.
    """
    rank = pl.col("score").rank("ordinal", descending=True).over(keys)
    here = pl.when(rank <= k).then(TARGET.mean().over(*keys, "score")).otherwise(0.0)
    ranked = rows.select(*keys, "target", here.alias("here"))
    share = pl.col("here").sum() / TARGET.sum()
    return aggregate(ranked, keys, value=pl.when(RANKABLE).then(share))


def user_reciprocal_rank(rows: pl.DataFrame, keys: Sequence[str] = USER) -> pl.DataFrame:
    """Compute one over the rank of each user's first click; rows, ties and nulls as `user_recall`.

    The mean over random orders of equal scores is of the reciprocal, not of the rank.
    """
    placed = rows.select(*keys, "target", *_first_click(keys))
    value = (pl.col("first") / pl.col("rank")).sum()
    return aggregate(placed, keys, value=pl.when(RANKABLE).then(value))


def user_hit(rows: pl.DataFrame, k: int, keys: Sequence[str] = USER) -> pl.DataFrame:
    """Compute whether a click is among each user's k rows of the highest scores, 1 or 0.

    Rows, ties and nulls as `user_recall`: among equal scores it is the chance of one.
    """
    placed = rows.select(*keys, "target", *_first_click(keys))
    value = pl.col("first").filter(pl.col("rank") <= k).sum()
    return aggregate(placed, keys, value=pl.when(RANKABLE).then(value))


def _first_click(keys: Sequence[str]) -> tuple[pl.Expr, pl.Expr]:
    """Compute each row's `rank` and the chance that it holds the `first` click.

    Of n equal scores with c clicks, the first j hold none with the product over i < j of
    (n - c - i) / (n - i); then the next is one with c / (n - j).
    """
    tied, score = [*keys, "score"], pl.col("score")
    passed = pl.int_range(pl.len()).over(tied)
    left = pl.len().over(tied) - passed
    clicks = CLICKED.sum().over(tied)
    none = ((left - clicks) / left).cum_prod().shift(1, fill_value=1.0).over(tied)
    highest = score == score.filter(CLICKED).max().over(keys)
    rank = score.rank("min", descending=True).over(keys) + passed
    first = pl.when(highest).then(none * clicks / left).otherwise(0.0)
    return rank.alias("rank"), first.alias("first")


def user_auc(rows: pl.DataFrame, keys: Sequence[str] = USER) -> pl.DataFrame:
    """Compute each user's area under the ROC curve of the user's own rows.

    rows: `user`, `target`, 0 or 1, and `score`, whose order alone matters. Returns [*keys, value],
    sorted; null for a user whose targets are all alike.
    """
    placed = rows.select(*keys, "target", _placed(keys, [*keys, "target"]))
    return aggregate(placed, keys, value=pl.col("placed").filter(CLICKED).mean().fill_nan(None))


def auc_contributions(rows: pl.DataFrame, keys: Sequence[str] = USER) -> pl.DataFrame:
    """Split the area under the ROC curve of all rows together into contributions of users.

    rows: as of `user_auc`. Returns [*keys, value], sorted: the users' mean is the area, and the
    standard error of that mean is the area's, as users draw whole sets of rows (DeLong et al. 1988,
    for clusters Obuchowski 1997). Null where all targets are alike.
    """
    placed = rows.select(*keys, "target", _placed([], ["target"]))
    auc, clicks = pl.col("placed").filter(CLICKED).mean(), CLICKED.sum()
    share = (pl.col("placed") - auc) / pl.when(CLICKED).then(clicks).otherwise(pl.len() - clicks)
    shares = placed.select(*keys, share.alias("share"), auc.alias("area"))
    users = shares["user"].n_unique()
    contribution = pl.col("area").first() + users * pl.col("share").sum()
    return aggregate(shares, keys, value=pl.when(rows["target"].n_unique() > 1).then(contribution))


def _placed(within: Sequence[str], within_class: Sequence[str]) -> pl.Expr:
    """Compute the share of the other rows below a click, and of the clicks above another row.

    Ties count half.
    """
    score, size = pl.col("score"), pl.len()
    rank, own = score.rank("average"), score.rank("average").over(within_class)
    others = (size.over(within) if within else size) - size.over(within_class)
    below = ((rank.over(within) if within else rank) - own) / others
    return pl.when(CLICKED).then(below).otherwise(1 - below).alias("placed")
