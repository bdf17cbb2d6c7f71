"""Error of predicted ratings."""

from torch import Tensor

from pipeline_lib.batch import PackedRows


def user_mse(score: Tensor, rows: PackedRows) -> Tensor:
    """Compute each user's mean squared error, [users], from scores [rows]."""
    squared = (score - rows.target).square() / rows.counts[rows.user]
    return squared.new_zeros(len(rows.counts)).index_add(0, rows.user, squared)
