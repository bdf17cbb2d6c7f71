"""Compute clean values from raw texts, and what is wrong with the others."""

import html
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import polars as pl

from pipeline_lib.data.clean.listed import is_listed, listed, looked_up
from pipeline_lib.settings.columns import Cleaning, Column
from pipeline_lib.settings.features import (
    AnyFeature,
    Bucketed,
    MultiValued,
    Numeric,
    raw_columns,
)

BLANK = "blank"
SET, UNSET = ("1", "true"), ("0", "false", "")  # texts of a flag, in small letters


def clean_text(raw: pl.Expr, cleaning: Cleaning, blank: Sequence[str]) -> pl.Expr:
    """Clean texts; null where the text is empty, or one of `blank` before or after cleaning.

    A number among the right `values` is written as these have it.
    """
    text = before_replacing(raw, cleaning)
    if cleaning.replace:
        text = pl.coalesce(looked_up(text, cleaning.replace), text)
    if isinstance(cleaning, Column) and cleaning.values:
        text = pl.coalesce(listed(text, cleaning.values), text)
    filled = ~is_listed(text, ["", *blank])
    if blank:
        filled &= ~is_listed(raw.str.strip_chars(), blank)
    return pl.when(filled).then(text)


def before_replacing(raw: pl.Expr, cleaning: Cleaning) -> pl.Expr:
    """Clean texts by all steps that come before `replace`."""
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
    return text


def find_problems(
    text: pl.Expr, column: Column, *, number: bool = False
) -> list[tuple[pl.Expr, str]]:
    """Return what may be wrong with clean texts, each with its words; the first that holds counts.

    number: whether they must be numbers even where `column` sets no bounds.
    """
    problems = [(text.is_null(), BLANK)]
    if column.pattern:
        asked = column.meaning or f"like {column.pattern}"
        problems.append((~text.str.contains(column.pattern), f"not {asked}"))
    if column.values:
        wrong = ~is_listed(text, column.values)
        problems.append((wrong, f"not one of {', '.join(column.values)}"))
    value = as_number(text)
    if column.between:
        low, high = column.between
        wrong = ~value.is_between(low, high).fill_null(value=False)
        problems.append((wrong, f"not a number from {low:g} to {high:g}"))
    elif number:
        problems.append((value.is_null(), "not a number"))
    return problems


def as_number(text: pl.Expr) -> pl.Expr:
    """Convert texts to finite numbers, null where they are none."""
    value = text.cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


def _unescaped(texts: pl.Series) -> pl.Series:
    """Replace HTML entities, once in each distinct text that has any."""
    marked = texts.filter(texts.str.contains("&", literal=True)).unique()
    if marked.is_empty():
        return texts
    return texts.replace(marked, pl.Series([html.unescape(text) for text in marked]))


def read_columns(
    column: Callable[[str], pl.Expr], name: str, feature: AnyFeature, blank: Sequence[str]
) -> tuple[pl.Expr, pl.Expr]:
    """Compute the values and problems of the feature of this name, as `read_feature` does.

    column: returns the raw texts of a raw column.
    """
    raw = {own: column(own) for own in raw_columns(name, feature)}
    if isinstance(feature, MultiValued) and feature.flags:
        return _read_flags(raw, feature, blank)
    return read_feature(raw[feature.column or name], feature, blank)


def _read_flags(
    raw: Mapping[str, pl.Expr], feature: MultiValued, blank: Sequence[str]
) -> tuple[pl.Expr, pl.Expr]:
    names = pl.DataFrame({"name": list(raw)}).select(clean_text(pl.col("name"), feature, ()))
    flags, wrong = [], []
    for (own, text), name in zip(raw.items(), names["name"], strict=True):
        flag = text.str.strip_chars().str.to_lowercase()
        flags.append(pl.when(is_listed(flag, SET)).then(pl.lit(name, pl.String)))
        unclear = ~is_listed(flag, [*SET, *UNSET, *blank]) & flag.is_not_null()
        wrong.append(pl.when(unclear).then(pl.lit(f"{own}: neither 0 nor 1")))
    values = pl.concat_list(flags).list.drop_nulls().list.unique(maintain_order=True)
    problem = pl.coalesce(*wrong, pl.when(values.list.len() == 0).then(pl.lit(BLANK)))
    return pl.when(problem.is_null()).then(values).otherwise(
        pl.lit([], pl.List(pl.String))
    ), problem


def read_feature(
    raw: pl.Expr, feature: AnyFeature, blank: Sequence[str]
) -> tuple[pl.Expr, pl.Expr]:
    """Compute a feature's values from raw texts, and the problem with each, null where none.

    Values are strings (categorical, bucketed), lists of strings (multi-valued) or floats
    (numeric): null, or an empty list, where the text is blank or wrong.
    """
    if isinstance(feature, MultiValued):
        values = _split(raw, feature, blank)
        return values, pl.when(values.list.len() == 0).then(pl.lit(BLANK))
    text = clean_text(raw, feature, blank)
    number = isinstance(feature, Numeric | Bucketed)
    problems = find_problems(text, feature, number=number)
    problem = pl.coalesce(*(pl.when(wrong).then(pl.lit(words)) for wrong, words in problems))
    value = as_number(text) if number else text
    if isinstance(feature, Bucketed):
        value = _bucket(value, feature.edges)
    return pl.when(problem.is_null()).then(value), problem


def _split(raw: pl.Expr, feature: MultiValued, blank: Sequence[str]) -> pl.Expr:
    if blank:
        raw = pl.when(~is_listed(raw.str.strip_chars(), blank)).then(raw)
    part = clean_text(pl.element(), feature, blank)
    values = raw.str.split(str(feature.separator)).list.eval(part).list.drop_nulls()
    return values.list.unique(maintain_order=True).fill_null([])


def _bucket(number: pl.Expr, edges: Sequence[float]) -> pl.Expr:
    """Compute the bucket: `below 18`, `18 to 25` (18 is in it), `25 and above`."""
    names = [(number < edges[0], f"below {edges[0]:g}")]
    names += [(number < high, f"{low:g} to {high:g}") for low, high in pairwise(edges)]
    names += [(number.is_not_null(), f"{edges[-1]:g} and above")]
    return pl.coalesce(*(pl.when(within).then(pl.lit(name)) for within, name in names))
