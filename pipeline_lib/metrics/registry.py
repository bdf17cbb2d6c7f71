"""Every metric of a task as a mean over users."""

from dataclasses import dataclass
from typing import Literal

TaskKind = Literal["rating", "click"]

NDCG_AT = (3, 5)


@dataclass(frozen=True)
class Metric:
    """The mean of a column of users' metrics, over all users that have it or those of a group."""

    column: str
    group: str | None = None
    higher_is_better: bool = False


def _by_group(name: str, column: str, higher: bool = False) -> dict[str, Metric]:
    return {f"{name}_{group}": Metric(column, group, higher) for group in ("major", "minor")}


METRICS: dict[TaskKind, dict[str, Metric]] = {
    "rating": {
        "mse": Metric("mse"),
        **{f"ndcg_{k}": Metric(f"ndcg_{k}", higher_is_better=True) for k in NDCG_AT},
        **_by_group("mse", "mse"),
    },
    "click": {
        "nel": Metric("nel"),
        "auc": Metric("auc", higher_is_better=True),
        "auc_user": Metric("auc_user", higher_is_better=True),
        **_by_group("nel", "nel"),
        **_by_group("auc", "auc_group", higher=True),
    },
}
# Each user has one, and by it the groups are compared.
USER_ERROR: dict[TaskKind, Literal["mse", "nel"]] = {"rating": "mse", "click": "nel"}
