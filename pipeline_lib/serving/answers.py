"""From scores to ranked answers, for all users at once."""

from collections.abc import Collection, Sequence

import polars as pl
from torch import Tensor

COLUMNS = {
    "user": pl.String,
    "item": pl.String,
    "score": pl.Float64,
    "rank": pl.Int64,
    "inner_lr": pl.Float64,
    "support_rows": pl.Int64,
    "support_loss_unadapted": pl.Float64,
    "support_loss_adapted": pl.Float64,
    "adaptation_helped": pl.Boolean,
    "note": pl.String,
}


def rank_answers(
    users: pl.DataFrame,
    asked: Sequence[Sequence[str]],
    known: Collection[str],
    score: Tensor,
    scale: tuple[float, float],
    top: int | None,
) -> pl.DataFrame:
    """Return each user's items by rank, in the columns of `COLUMNS`; unknown ones last, unranked.

    A score outside the scale is cut to it after the ranks are given, and its note says so.

    users: a row for each user, with what is the same for all their items. asked: each user's
    items. score: of the known ones, user by user, [known items asked] float64.
    """
    ranked = _rank(asked, known, score, top)
    both = ranked.hstack(users[ranked["owner"]])
    value = pl.col("score")
    adapted, unadapted = pl.col("support_loss_adapted"), pl.col("support_loss_unadapted")
    gone = pl.when(value.is_null()).then(pl.lit("the item is unknown"))
    within = value.clip(*scale)
    cut = pl.format("the score {} is cut to the scale", value.round(3))
    cut = pl.when(value != within).then(cut)
    note = pl.concat_str(gone, cut, "note", separator="; ", ignore_nulls=True)
    return both.with_columns(
        within,
        adaptation_helped=adapted < unadapted,
        note=pl.when(note != "").then(note),
    ).select(list(COLUMNS))


def _rank(
    asked: Sequence[Sequence[str]], known: Collection[str], score: Tensor, top: int | None
) -> pl.DataFrame:
    """Rank items from 1, by the place of their `owner`; unknown ones come last, without a rank."""
    items = pl.Series("item", [item for own in asked for item in own], pl.String)
    owner = pl.Series("owner", [n for n, own in enumerate(asked) for _ in own], pl.Int64)
    mask = pl.Series([item in known for item in items], dtype=pl.Boolean)
    scores = pl.Series("score", [None] * len(items), pl.Float64)
    scores = scores.scatter(mask.arg_true(), score.numpy())
    value = pl.col("score")
    ranked = (
        pl.DataFrame([owner, items, scores])
        .sort("owner", value, descending=[False, True], nulls_last=True, maintain_order=True)
        .with_columns(
            rank=pl.when(value.is_not_null()).then(1 + pl.int_range(pl.len()).over("owner"))
        )
    )
    if top is None:
        return ranked
    return ranked.filter((pl.col("rank") <= top) | pl.col("rank").is_null())
