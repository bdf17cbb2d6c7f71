"""Quality of predicted clicks: their loss, and how well scores tell them from other rows."""

import polars as pl

from pipeline_lib.settings.task import FURTHEST, ClickTask

CLICKED = pl.col("target") == 1


def cross_entropy(task: ClickTask) -> pl.Expr:
    """Make each row's weighted cross-entropy from `target`, 0 or 1, and `score`.

    The same as `pipeline_lib.metrics.loss.row_loss`, so positive, and smaller is better.
    """
    target, p = pl.col("target"), pl.col("score").clip(FURTHEST, 1 - FURTHEST)
    clicked = task.clicked_weight * target * p.log()
    return -(clicked + task.other_weight * (1 - target) * (-p).log1p())


def user_auc(rows: pl.DataFrame) -> pl.DataFrame:
    """Compute each user's area under the ROC curve of the user's own rows.

    rows: `user`, `target`, 0 or 1, and `score`, whose order alone matters. Returns `user`, `auc`,
    sorted; null for a user whose targets are all alike.
    """
    placed = rows.select("user", "target", _placed(["user"], ["user", "target"]))
    own = pl.col("placed").filter(CLICKED).mean()
    return placed.group_by("user").agg(own.fill_nan(None).alias("auc")).sort("user")


def auc_contributions(rows: pl.DataFrame) -> pl.DataFrame:
    """Split the area under the ROC curve of all rows together into contributions of users.

    rows: as of `user_auc`. Returns `user`, `auc`, sorted: the users' mean is the area, and the
    standard error of that mean is the area's, as users draw whole sets of rows (DeLong et al. 1988,
    for clusters Obuchowski 1997). Null where all targets are alike.
    """
    placed = rows.select("user", "target", _placed([], ["target"]))
    auc, clicks = pl.col("placed").filter(CLICKED).mean(), CLICKED.sum()
    share = (pl.col("placed") - auc) / pl.when(CLICKED).then(clicks).otherwise(pl.len() - clicks)
    shares = placed.select("user", share.alias("share"), auc.alias("area"))
    users = shares["user"].n_unique()
    contribution = pl.col("area").first() + users * pl.col("share").sum()
    contribution = pl.when(rows["target"].n_unique() > 1).then(contribution)
    return shares.group_by("user").agg(contribution.alias("auc")).sort("user")


def _placed(within: list[str], within_class: list[str]) -> pl.Expr:
    """Tell of each click which share of the other rows it is above, and the reverse.

    Of a click: the share of other rows below it; of another row: the share of clicks above it;
    ties count half.
    """
    score, size = pl.col("score"), pl.len()
    rank, own = score.rank("average"), score.rank("average").over(within_class)
    others = (size.over(within) if within else size) - size.over(within_class)
    below = ((rank.over(within) if within else rank) - own) / others
    return pl.when(CLICKED).then(below).otherwise(1 - below).alias("placed")
