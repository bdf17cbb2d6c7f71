"""Clean several files of users, or of items: the first lists them, the others add features."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipeline_lib.data.clean.checks import Known
from pipeline_lib.data.clean.profiles import Profiles, read_profiles
from pipeline_lib.data.clean.values import BLANK
from pipeline_lib.data.raw.table import RawTable
from pipeline_lib.settings.columns import Column
from pipeline_lib.settings.features import AnyFeature, raw_columns
from pipeline_lib.settings.tables import Table


@dataclass(frozen=True)
class Source:
    """A raw file of users or items, and the column that names them."""

    raw: RawTable
    table: Table
    key: Column


def read_joined(
    key: str, sources: Mapping[str, Source], features: Mapping[str, AnyFeature]
) -> tuple[pl.DataFrame, dict[str, Profiles]]:
    """Return the rows of all files together, as in `Profiles`, and what each file has, by role.

    key: `user` or `item`. sources: by role. A feature comes from the first file that has its
    column. Rows of further files whose name the first does not list are rejected. Raises
    RawFileError when no file has a feature's column.
    """
    files: dict[str, Profiles] = {}
    waiting, checks = dict(features), []
    for role, source in sources.items():
        own = {f: x for f, x in waiting.items() if source.raw.has(raw_columns(f, x))}
        waiting = {f: x for f, x in waiting.items() if f not in own}
        named = (key, source.key)
        if first := next(iter(files.values()), None):
            known = Known(first.rows[key], first.count.file)
            checks = [known.check(key, source.key.column or key)]
        files[role] = read_profiles(source.raw, source.table, named, own, checks)
    for name, feature in waiting.items():
        for column in raw_columns(name, feature):
            next(iter(sources.values())).raw.column(column)
    nothing = pl.DataFrame(schema={key: pl.String})
    joined, *others = [file.rows for file in files.values()] or [nothing]
    for rows in others:
        joined = joined.join(rows, on=key, how="left", maintain_order="left")
    return filled(joined, features), files


def filled(rows: pl.DataFrame, features: Mapping[str, AnyFeature]) -> pl.DataFrame:
    """Add the problem `blank` where no file has a value."""
    problems = [
        pl.when(pl.col(f).is_null() & pl.col(f"problem {f}").is_null())
        .then(pl.lit(BLANK))
        .otherwise(pl.col(f"problem {f}"))
        .alias(f"problem {f}")
        for f in features
    ]
    lists = [name for name, feature in features.items() if feature.kind == "multi-valued"]
    return rows.with_columns(problems).with_columns(pl.col(lists).fill_null([]))
