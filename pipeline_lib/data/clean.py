"""Clean raw logs into users, items and interactions; every row not kept is a reject."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from pipeline_lib.data.delimited import RawTable
from pipeline_lib.data.errors import RawFileError
from pipeline_lib.data.movielens import RawLogs
from pipeline_lib.data.rejects import Check, sieve
from pipeline_lib.data.report import CleaningReport, count_file
from pipeline_lib.settings.dataset import LogSettings


@dataclass(frozen=True)
class CleanLogs:
    """The clean tables (see `pipeline_lib.schemas.clean`), sorted by their keys."""

    users: pl.DataFrame
    items: pl.DataFrame
    interactions: pl.DataFrame
    rejects: pl.DataFrame
    report: CleaningReport


def clean(raw: RawLogs, dataset: LogSettings) -> CleanLogs:
    """Keep the rows that are whole, unique, within the scale and refer to known rows.

    Raises RawFileError when no interaction or no item feature is left.
    """
    users = _unique(raw.users, ["user"])
    items = _unique(raw.items, ["item"])
    details = _known_items(_unique(raw.item_details, ["item"]), items) if raw.item_details else None
    interactions = _interactions(raw.interactions, users, items, dataset.scale)
    tables = [t for t in (users, items, details, interactions) if t is not None]
    catalogue, features = _catalogue(items, details, dataset.item_features)
    return CleanLogs(
        users=users.rows.select("user", *dataset.user_features).sort("user"),
        items=catalogue,
        interactions=interactions.rows.select("user", "item", "target").sort("user", "item"),
        rejects=pl.concat([t.rejects for t in tables]).sort("file", "line"),
        report=CleaningReport(
            item_features=features,
            features_left_out=[f for f in dataset.item_features if f not in features],
            files=[count_file(t.file, t.read, t.rows.height, t.rejects) for t in tables],
        ),
    )


def _unique(table: RawTable, keys: Sequence[str]) -> RawTable:
    return _keep(
        table,
        [Check(keys[-1], "duplicate of an earlier line", pl.int_range(pl.len()).over(keys) > 0)],
    )


def _known_items(table: RawTable, items: RawTable) -> RawTable:
    return _keep(table, [_unknown("item", items)])


def _interactions(
    table: RawTable, users: RawTable, items: RawTable, scale: tuple[float, float]
) -> RawTable:
    target = pl.col("target").cast(pl.Float64)
    low, high = scale
    checks = [
        _unknown("user", users),
        _unknown("item", items),
        Check("target", f"outside the scale {low:g} to {high:g}", ~target.is_between(low, high)),
    ]
    kept = _unique(_keep(table, checks), ["user", "item"])
    if kept.rows.is_empty():
        reason = kept.rejects["reason"].value_counts(sort=True)["reason"][0]
        raise RawFileError(
            f"{kept.file}: none of the {kept.read:,} rows could be kept, most often because "
            f"{reason!r}; do the files belong together?"
        )
    return replace(kept, rows=kept.rows.with_columns(target.cast(pl.Float32)))


def _unknown(column: str, table: RawTable) -> Check:
    known = table.rows[column].implode()
    return Check(column, f"{column} has no row in {table.file}", ~pl.col(column).is_in(known))


def _keep(table: RawTable, checks: Sequence[Check]) -> RawTable:
    kept, rejects = sieve(table.rows, table.file, checks)
    return replace(table, rows=kept, rejects=pl.concat([table.rejects, rejects]))


def _catalogue(
    items: RawTable, details: RawTable | None, wanted: Sequence[str]
) -> tuple[pl.DataFrame, list[str]]:
    """Join the items' features; those whose file is missing are left out."""
    joined = items.rows
    if details is not None:
        joined = joined.join(details.rows.drop("line", "text"), on="item", how="left")
    features = [f for f in wanted if f in joined.columns]
    if not features:
        raise RawFileError(
            f"{items.file} alone has none of the item features {', '.join(wanted)}; add `genre` "
            "or `year` to item_features, or put the details file beside it"
        )
    return joined.select("item", pl.col(features).fill_null([])).sort("item"), features
