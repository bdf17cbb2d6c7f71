"""Compute what is learned from the clean texts of the target, and undo it."""

import polars as pl

from pipeline_lib.data.clean.listed import is_listed
from pipeline_lib.data.clean.values import as_number
from pipeline_lib.settings.columns import Target


def read_number(text: pl.Expr, target: Target) -> pl.Expr:
    """Compute numbers, float64, from clean texts: 1 and 0 of events that are clicks and others."""
    if target.clicks is not None:
        return is_listed(text, target.clicks).cast(pl.Float64)
    return as_number(text)


def learn(number: pl.Expr, target: Target) -> pl.Expr:
    """Compute what is learned, float64, from numbers of the log."""
    if target.at_least is not None:
        return (number >= target.at_least).cast(pl.Float64)
    return rescale(number, target)


def rescale(rating: pl.Expr, target: Target) -> pl.Expr:
    """Compute ratings as they are learned from those of the log."""
    scaled = rating / target.divide if target.divide != 1 else rating
    return scaled.log1p() if target.transform == "log1p" else scaled


def undo(rating: pl.Expr, target: Target) -> pl.Expr:
    """Compute ratings as the log has them from those that are learned."""
    scaled = rating.exp() - 1 if target.transform == "log1p" else rating
    return scaled * target.divide if target.divide != 1 else scaled
