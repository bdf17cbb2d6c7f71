"""Quality of a ranking of each user's query items."""

import polars as pl


def user_ndcg(rows: pl.DataFrame, k: int) -> pl.DataFrame:
    """Compute each user's nDCG@k with gain 2^target − 1 and discount log2(1 + rank).

    rows: `user`, `target`, `score`. Returns `user`, `ndcg`. Equal scores share the mean of what
    their ranks would give (the expectation over random orders), so a constant score earns no
    better than chance. A user with fewer than k rows is ranked over those there are; one with a
    single row, or with no gain at all, cannot be ranked and gets null.
    """
    gain = 2 ** pl.col("target").cast(pl.Float64) - 1
    graded = rows.select("user", "score", gain.alias("gain"))
    dcg, ideal = _dcg(graded, "score", k), _dcg(graded, "gain", k)
    rankable = (pl.col("rows") > 1) & (pl.col("ideal") > 0)
    ndcg = pl.when(rankable).then(pl.col("dcg") / pl.col("ideal"))
    both = dcg.join(ideal.select("user", pl.col("dcg").alias("ideal")), on="user")
    return both.select("user", ndcg.alias("ndcg")).sort("user")


def _dcg(graded: pl.DataFrame, by: str, k: int) -> pl.DataFrame:
    rank = pl.col(by).rank("ordinal", descending=True).over("user")
    discount = pl.when(rank <= k).then(1 / (1 + rank).log(2)).otherwise(0.0)
    expected_gain = pl.col("gain").mean().over("user", by)
    terms = graded.select("user", (expected_gain * discount).alias("term"))
    return terms.group_by("user", maintain_order=True).agg(
        pl.col("term").sum().alias("dcg"), pl.len().alias("rows")
    )
