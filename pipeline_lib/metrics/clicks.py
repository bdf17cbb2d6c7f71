"""Quality of predicted clicks: their loss, and how well scores tell them from other rows."""

import polars as pl

from pipeline_lib.metrics.bounds import FURTHEST
from pipeline_lib.settings.task import ClickTask


def cross_entropy(task: ClickTask) -> pl.Expr:
    """Make each row's weighted cross-entropy from `target`, 0 or 1, and `score`.

    The same as `pipeline_lib.metrics.loss.row_loss`, so positive, and smaller is better.
    """
    target, p = pl.col("target"), pl.col("score").clip(FURTHEST, 1 - FURTHEST)
    clicked = task.clicked_weight * target * p.log()
    return -(clicked + task.other_weight * (1 - target) * (-p).log1p())


def auc(rows: pl.DataFrame) -> float | None:
    """Compute the area under the ROC curve of all rows pooled; None where all targets are alike.

    rows: `target`, 0 or 1, and `score`, whose order alone matters.
    """
    from sklearn.metrics import roc_auc_score  # slow to import, and only clicks need it

    if rows["target"].n_unique() < 2:
        return None
    return float(roc_auc_score(rows["target"].to_numpy(), rows["score"].to_numpy()))
