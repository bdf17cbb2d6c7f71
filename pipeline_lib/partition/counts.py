"""What a split holds and what it leaves out, counted, and the hash that names it."""

import hashlib
from collections.abc import Mapping
from typing import Any

import polars as pl

from pipeline_lib.settings.partition import Partition

ROWS_PER_SLICE = 1_000_000


def count_split(
    users: pl.DataFrame, rows: pl.DataFrame, dropped: pl.DataFrame, *, is_warm: bool
) -> Mapping[str, Any]:
    """Return what a summary counts, by its fields; is_warm: test users are in training as well.

    users: `user`, `fold`, `group`. rows: `user`, `item`, `fold`, `part`. dropped: `user`, `reason`.
    """
    judged = rows.filter(fold="test")["user"].n_unique() if is_warm else 0
    by_fold = dict(users["fold"].value_counts(sort=True).iter_rows())
    return {
        "sha256": split_hash(users, rows, by_fold=is_warm),
        "also_trained_on": judged,
        "clean_users": users.height + dropped.height,
        "users_dropped": by_reason(dropped),
        "users": users.height,
        "items": rows["item"].n_unique(),
        "interactions": rows.height,
        "users_by_fold": by_fold | ({"test": judged} if is_warm else {}),
        "users_by_group": dict(users["group"].value_counts(sort=True).iter_rows()),
    }


def count_left_out(parted: pl.DataFrame, rules: Partition) -> dict[str, int]:
    """Count the rows that take no part, whose `part` is null, by reason."""
    if not (rows := parted["part"].null_count()):
        return {}
    if rules.cut:
        return {f"from {rules.cut:%Y-%m-%d %H:%M} on, of users that are not tested": rows}
    beyond = "beyond the numbers of support and query rows"
    if rules.quadrant:
        also = f", or {beyond}" if rules.support and rules.query else ""
        return {f"with items that are not the quadrant's{also}": rows}
    return {beyond: rows}


def by_reason(dropped: pl.DataFrame) -> dict[str, int]:
    """Count the users dropped, `user`, `reason`, by reason, most first."""
    counts = dropped["reason"].value_counts().sort(["count", "reason"], descending=[True, False])
    return dict(counts.iter_rows())


def split_hash(users: pl.DataFrame, rows: pl.DataFrame, *, by_fold: bool = False) -> str:
    """Return a SHA-256 of each user's fold and group and each row's part, whatever their order.

    by_fold: also of each row's fold, where that may be another than its user's.
    """
    digest = hashlib.sha256()
    of_rows = ["user", "item", "part", *(["fold"] if by_fold else [])]
    for frame, columns in ((users, ["user", "fold", "group"]), (rows, of_rows)):
        ordered = frame.select(columns).sort(columns)
        digest.update((",".join(columns) + "\n").encode())
        for part in ordered.iter_slices(ROWS_PER_SLICE):
            digest.update(part.write_csv(include_header=False).encode())
    return digest.hexdigest()
