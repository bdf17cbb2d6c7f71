"""The columns that the figures' frames share."""

from collections.abc import Collection, Sequence

import polars as pl

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.metrics.registry import USER_ERROR
from pipeline_lib.reporting.figures.results import Results

ROLES = ("reference", "baseline", "proposed", "ablation")


def by_role(methods: Sequence[MethodResult], roles: Collection[str] = ROLES) -> list[MethodResult]:
    """Order the methods of some roles: references first, ablations last."""
    return sorted((m for m in methods if m.role in roles), key=lambda m: ROLES.index(m.role))


def named(rows: pl.DataFrame, methods: Sequence[MethodResult]) -> pl.DataFrame:
    """Keep these methods' rows, in their order, with `label` and `role` after `method`."""
    known = pl.DataFrame(
        [(place, m.name, m.label, m.role) for place, m in enumerate(methods)],
        schema=["place", "method", "label", "role"],
        orient="row",
    )
    others = [c for c in rows.columns if c != "method"]
    joined = known.join(rows, on="method", maintain_order="left_right")
    return joined.select("method", "label", "role", *others)


def user_errors(results: Results, roles: Collection[str] = ROLES) -> pl.DataFrame:
    """Average each user's error over seeds, for the methods of some roles.

    Returns `method`, `label`, `role`, `user`, `group`, the task's user error, `seeds`.
    """
    error = USER_ERROR[results.comparison.task.kind]
    means = results.users.group_by("method", "user", "group", maintain_order=True).agg(
        pl.col(error).mean(), pl.len().alias("seeds")
    )
    return named(means.sort("method", "user"), by_role(results.comparison.methods, roles))


def shown(frame: pl.DataFrame, comparison: Comparison) -> list[MethodResult]:
    """List the methods that a frame has, by role."""
    methods = set(frame["method"])
    return [m for m in by_role(comparison.methods) if m.name in methods]
