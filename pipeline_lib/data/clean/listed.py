"""Look raw texts up among values that settings list: as texts, or as equal numbers."""

from collections.abc import Mapping, Sequence

import polars as pl

from pipeline_lib.settings.columns import NUMBER, number_of


def listed(text: pl.Expr, values: Sequence[str]) -> pl.Expr:
    """Compute which of the listed values each text is, as the settings write it; null for none."""
    return looked_up(text, {value: value for value in values})


def is_listed(text: pl.Expr, values: Sequence[str]) -> pl.Expr:
    """Compute whether each text is one of the listed values; a null is none.

    Where none of them is a number, without a look-up, which takes more memory.
    """
    if any(number_of(value) is not None for value in values):
        return listed(text, values).is_not_null()
    return text.is_in(list(values)).fill_null(value=False)


def looked_up(text: pl.Expr, table: Mapping[str, str]) -> pl.Expr:
    """Compute what a table has for each text: for the same text, else for an equal number.

    Null where it has nothing. `4`, `4.0` and `4e0` are one number; a code such as `04` is none.
    """
    numbers = {n: value for key, value in table.items() if (n := number_of(key)) is not None}
    if not numbers:
        return _mapped(text, table)

    def with_numbers(texts: pl.Series) -> pl.Series:
        """Look a batch up, in one function: the steps before it run once, not thrice."""
        own = pl.first()
        number = pl.when(own.str.contains(NUMBER)).then(own).cast(pl.Float64, strict=False)
        found = pl.coalesce(_mapped(own, table), _mapped(number, numbers))
        return texts.to_frame().select(found).to_series()

    return text.map_batches(with_numbers, return_dtype=pl.String, is_elementwise=True)


def _mapped(values: pl.Expr, table: Mapping[str, str] | Mapping[float, str]) -> pl.Expr:
    return values.replace_strict(dict(table), default=None, return_dtype=pl.String)
