"""From a raw column to a feature's clean values."""

from collections.abc import Sequence
from itertools import pairwise

import polars as pl

from pipeline_lib.data.recipes import BLANK, as_number, clean_text, find_problems
from pipeline_lib.settings.features import AnyFeature, Bucketed, MultiValued, Numeric


def read_feature(
    raw: pl.Expr, feature: AnyFeature, blank: Sequence[str]
) -> tuple[pl.Expr, pl.Expr]:
    """Compute a feature's values from raw texts, and what is wrong with these.

    Values are a string (categorical, bucketed), a list of strings (multi-valued) or a float
    (numeric), null where blank or wrong; a list is empty there. Nothing is wrong where the
    problem is null.
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
        raw = pl.when(~raw.str.strip_chars().is_in(blank)).then(raw)
    part = clean_text(pl.element(), feature, blank)
    values = raw.str.split(feature.separator).list.eval(part).list.drop_nulls()
    return values.list.unique(maintain_order=True).fill_null([])


def _bucket(number: pl.Expr, edges: Sequence[float]) -> pl.Expr:
    """Name the bucket: `below 18`, `18 to 25`, `25 and above`; the lower edge is within."""
    names = [(number < edges[0], f"below {edges[0]:g}")]
    names += [(number < high, f"{low:g} to {high:g}") for low, high in pairwise(edges)]
    names += [(number.is_not_null(), f"{edges[-1]:g} and above")]
    return pl.coalesce(*(pl.when(within).then(pl.lit(name)) for within, name in names))
