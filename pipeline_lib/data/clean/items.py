"""Clean the files of items and join their features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from pipeline_lib.data.clean.joined import Source, filled, read_joined
from pipeline_lib.data.clean.profiles import Profiles
from pipeline_lib.data.clean.report import FileCount, check_kept
from pipeline_lib.data.raw.encoding import RawFileError
from pipeline_lib.data.raw.table import RawTable
from pipeline_lib.settings.features import AnyFeature, Numeric, raw_columns
from pipeline_lib.settings.log import LogSettings


@dataclass(frozen=True)
class Items:
    """All items.

    rows: as in `Profiles`, of all files. files: by role. features: those that are read. left_out:
    features whose file is missing, or that of one they are computed from. unlisted: number of
    items that no file lists.
    """

    rows: pl.DataFrame
    files: dict[str, Profiles]
    features: dict[str, AnyFeature]
    left_out: list[str]
    unlisted: int = 0

    @property
    def counts(self) -> dict[str, FileCount]:
        """Return the counts of each file's rows, by role."""
        return {role: file.count for role, file in self.files.items()}

    @property
    def rejects(self) -> dict[str, pl.LazyFrame]:
        """Return the rejects of each file by role."""
        return {role: file.rejects.lazy() for role, file in self.files.items()}


def read_items(raw: Mapping[str, RawTable], log: LogSettings, *, events: bool) -> Items:
    """Read the files of items; a feature comes from the first file that has its column.

    Without any file no item is listed. events: whether there is a file of events. Raises
    RawFileError when no file has a feature's column, no item feature is left, or no row of a file
    is kept.
    """
    features, left_out = _found_features(raw, log, events=events)
    sources = {
        role: Source(raw[role], table, table.item)
        for role, table in log.item_tables().items()
        if role in raw
    }
    rows, files = read_joined("item", sources, features)
    for role, found in files.items():
        check_kept(raw[role].path, found.count, found.rejects.lazy())
    return Items(rows, files, features, left_out)


def with_unlisted(items: Items, rows: pl.LazyFrame) -> Items:
    """Add the items of interactions that no file lists; their features are blank."""
    met = rows.select("item").unique()
    new = met.join(items.rows.lazy().select("item"), on="item", how="anti")
    unlisted = new.collect(engine="streaming")
    if unlisted.is_empty():
        return items
    both = pl.concat([items.rows, unlisted], how="diagonal")
    return replace(items, rows=filled(both, items.features), unlisted=unlisted.height)


def _found_features(
    raw: Mapping[str, RawTable], log: LogSettings, *, events: bool
) -> tuple[dict[str, AnyFeature], list[str]]:
    """Return the item features that a file has, and those left out as their file is missing."""
    tables = [raw[role] for role in raw if role.startswith("items_")]
    some_missing = len(tables) < len(log.items)
    found: dict[str, AnyFeature] = {}
    left_out: list[str] = []
    for name, feature in log.item_features.items():
        if isinstance(feature, Numeric) and feature.derived:
            unread = [g for g in log.event_groups if not _has(tables, g, log.item_features[g])]
            no_events = feature.rate == "events" and (not events or unread)
            if no_events or set(feature.parents) & set(left_out):
                left_out.append(name)
        elif _has(tables, name, feature):
            found[name] = feature
        elif some_missing:
            left_out.append(name)
        else:
            for column in raw_columns(name, feature):
                tables[0].column(column)
    if left_out and len(left_out) == len(log.item_features):
        raise RawFileError(
            f"{tables[0].path} alone has none of the item features {', '.join(left_out)}; name "
            f"others of its columns {', '.join(tables[0].columns)}, or put the missing file there"
        )
    return found, left_out


def _has(tables: Sequence[RawTable], name: str, feature: AnyFeature) -> bool:
    return any(table.has(raw_columns(name, feature)) for table in tables)
