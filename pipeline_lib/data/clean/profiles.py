"""Clean the files of users and of items: one row each, with features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import polars as pl

from pipeline_lib.data.clean.checks import Check, judge, passed, rejected
from pipeline_lib.data.clean.report import FeatureCount, FileCount, count_feature, count_file
from pipeline_lib.data.clean.unmet import unmet_keys
from pipeline_lib.data.clean.values import clean_text, find_problems, read_columns
from pipeline_lib.data.raw.table import RawTable
from pipeline_lib.settings.columns import Column
from pipeline_lib.settings.features import AnyFeature
from pipeline_lib.settings.tables import Table

REPEAT = "duplicate of an earlier row"


@dataclass(frozen=True)
class Profiles:
    """The users or items of one raw file.

    rows: the key, a column a feature, and `problem <feature>`, null where the value is sound.
    rejects: with the columns of `pipeline_lib.schemas.clean.REJECTS`.
    """

    rows: pl.DataFrame
    rejects: pl.DataFrame
    count: FileCount


def read_profiles(
    raw: RawTable,
    table: Table,
    key: tuple[str, Column],
    features: Mapping[str, AnyFeature],
    checks: Sequence[Check] = (),
) -> Profiles:
    """Clean one file of users or items.

    key: `user` or `item`, and how it is read. checks: further ones. A row is rejected when its
    shape or key is wrong, a filter or a check fails, or an earlier row has the same key; a wrong
    feature rejects no row.
    """
    name, column = key
    read = {f: read_columns(raw.column, f, feature, table.blank) for f, feature in features.items()}
    rows = raw.rows.with_columns(read_key(raw, name, column, table.blank))
    all_checks = [*row_checks(raw, table, {name: column}), *checks]
    columns = [
        *("line", "text", judge(all_checks), name),
        *(value.alias(f) for f, (value, _) in read.items()),
        *(problem.alias(f"problem {f}") for f, (_, problem) in read.items()),
    ]
    with raw.reading():
        judged = rows.select(columns).collect(engine="streaming")
    by_line = judged.sort("line").lazy()  # joined records came last
    repeats = [Check(column.column or name, pl.int_range(pl.len()).over(name) > 0, REPEAT)]
    unique = passed(by_line).with_columns(judge(repeats))
    rejects = [
        rejected(by_line, raw.file, all_checks),
        rejected(unique, raw.file, repeats),
    ]
    clean = passed(unique).drop("line", "text").collect()
    rejected_rows = pl.concat(rejects).collect()
    unmet = unmet_keys(raw, {name: column, **features}, table.filters)
    count = count_file(raw.file, clean.height, rejected_rows.lazy(), unmet)
    return Profiles(clean, rejected_rows, count)


def read_key(raw: RawTable, name: str, column: Column, blank: Sequence[str]) -> pl.Expr:
    """Return the clean texts of a key column."""
    return clean_text(raw.column(column.column or name), column, blank).alias(name)


def row_checks(raw: RawTable, table: Table, keys: Mapping[str, Column]) -> list[Check]:
    """Return the checks of every row: of its shape, its keys and the table's filters."""
    shape = Check(None, pl.col("misshapen"), raw.shape)
    sound = [value_checks(name, pl.col(name), column) for name, column in keys.items()]
    filters = [
        value_checks(str(f.column), read_key(raw, str(f.column), f, table.blank), f)
        for f in table.filters
    ]
    return [shape, *chain(*sound, *filters)]


def value_checks(name: str, text: pl.Expr, column: Column, *, number: bool = False) -> list[Check]:
    """Return the checks of a column's clean texts."""
    problems = find_problems(text, column, number=number)
    return [Check(column.column or name, wrong, words) for wrong, words in problems]


def count_features(rows: pl.DataFrame, features: Mapping[str, AnyFeature]) -> list[FeatureCount]:
    """Return the counts of features; rows: as in `Profiles`."""
    return [
        count_feature(name, feature.kind, rows[name], rows[f"problem {name}"])
        for name, feature in features.items()
    ]
