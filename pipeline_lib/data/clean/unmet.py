"""Find what settings replace that no row of a raw file has."""

from collections.abc import Mapping, Sequence

import polars as pl

from pipeline_lib.data.clean.listed import listed
from pipeline_lib.data.clean.values import before_replacing
from pipeline_lib.data.raw.table import RawTable
from pipeline_lib.settings.columns import Cleaning, Column
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
    met = [
        _keys_met(raw.column(column.column or name), column).alias(name)
        for name, column in replacing.items()
    ]
    with raw.reading():
        found = raw.rows.select(met).collect(engine="streaming").row(0, named=True)
    unmet = {
        name: [key for key in column.replace if key not in found[name]]
        for name, column in replacing.items()
    }
    return {name: keys for name, keys in unmet.items() if keys}


def _keys_met(raw: pl.Expr, column: Cleaning) -> pl.Expr:
    """Compute the list of the keys that any of the texts is."""
    if isinstance(column, MultiValued):
        part = before_replacing(pl.element(), column)
        texts = raw.str.split(column.separator).list.eval(part).explode()
    else:
        texts = before_replacing(raw, column)
    return listed(texts, list(column.replace)).drop_nulls().unique().implode()
