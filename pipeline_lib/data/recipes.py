"""From raw texts to clean values, and to what is wrong with them."""

import html
from collections.abc import Sequence

import polars as pl

from pipeline_lib.settings.columns import Cleaning, Column

BLANK = "blank"


def clean_text(raw: pl.Expr, cleaning: Cleaning, blank: Sequence[str]) -> pl.Expr:
    """Clean texts; those that are empty, or one of `blank` before or after it, become null."""
    text = raw
    if cleaning.entities == "html":
        text = text.map_batches(_unescaped, return_dtype=pl.String, is_elementwise=True)
    if cleaning.extract:
        text = text.str.extract(cleaning.extract)
    if cleaning.remove:
        text = text.str.replace_all(cleaning.remove, "")
    text = text.str.strip_chars()
    if cleaning.case:
        text = text.str.to_lowercase() if cleaning.case == "lower" else text.str.to_uppercase()
    if cleaning.replace:
        text = text.replace(cleaning.replace)
    empty = text.is_in(["", *blank])
    if blank:
        empty |= raw.str.strip_chars().is_in(blank)
    return pl.when(~empty).then(text)


def find_problems(
    text: pl.Expr, column: Column, *, number: bool = False
) -> list[tuple[pl.Expr, str]]:
    """List what may be wrong with clean texts, and in words; the first that is true counts.

    number: whether they must be numbers even where `column` sets no bounds.
    """
    problems = [(text.is_null(), BLANK)]
    if column.pattern:
        asked = column.meaning or f"like {column.pattern}"
        problems.append((~text.str.contains(column.pattern), f"not {asked}"))
    if column.values:
        problems.append(
            (~text.is_in(list(column.values)), f"not one of {', '.join(column.values)}")
        )
    value = as_number(text)
    if column.between:
        low, high = column.between
        wrong = ~value.is_between(low, high).fill_null(value=False)
        problems.append((wrong, f"not a number from {low:g} to {high:g}"))
    elif number:
        problems.append((value.is_null(), "not a number"))
    return problems


def as_number(text: pl.Expr) -> pl.Expr:
    """Read finite numbers; what is none becomes null."""
    value = text.cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


def _unescaped(texts: pl.Series) -> pl.Series:
    """Replace entities; only distinct texts that have any are touched."""
    marked = texts.filter(texts.str.contains("&", literal=True)).unique()
    if marked.is_empty():
        return texts
    return texts.replace(marked, pl.Series([html.unescape(text) for text in marked]))
