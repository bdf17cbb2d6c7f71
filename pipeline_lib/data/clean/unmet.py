"""Find what settings replace that no row of a raw file has."""

from collections.abc import Mapping, Sequence

import polars as pl

from pipeline_lib.data.clean.listed import listed
from pipeline_lib.data.clean.values import before_replacing
from pipeline_lib.data.raw.table import RawTable
from pipeline_lib.settings.columns import Column
from pipeline_lib.settings.features import MultiValued

Cleaned = Mapping[str, Column | MultiValued]


def unmet_keys(raw: RawTable, columns: Cleaned, filters: Sequence[Column]) -> dict[str, list[str]]:
    """Return the keys of each column's `replace` that none of its texts is, where there are any.

    columns: by the name of their setting, as keys and features are. Reads the file once more if
    any of them replaces something.
    """
    named = {**columns, **{f"filters.{n}": column for n, column in enumerate(filters)}}
    replacing = {name: column for name, column in named.items() if column.replace}
    if not replacing:
        return {}
    met = [_keys_met(raw, name, column).alias(name) for name, column in replacing.items()]
    with raw.reading():
        found = raw.rows.select(met).collect(engine="streaming").row(0, named=True)
    unmet = {
        name: [key for key in column.replace if key not in found[name]]
        for name, column in replacing.items()
    }
    return {name: keys for name, keys in unmet.items() if keys}


def _keys_met(raw: RawTable, name: str, column: Column | MultiValued) -> pl.Expr:
    """Compute the list of the keys that any of the texts, or of the flags' names, is."""
    if isinstance(column, MultiValued) and column.flags:
        texts = before_replacing(pl.lit(pl.Series(column.flags)), column)
    elif isinstance(column, MultiValued):
        split = raw.column(column.column or name).str.split(str(column.separator))
        texts = split.list.eval(before_replacing(pl.element(), column)).explode()
    else:
        texts = before_replacing(raw.column(column.column or name), column)
    return listed(texts, list(column.replace)).drop_nulls().unique().implode()
