"""Render a text whose numbers, tables and figures are looked up in finished runs."""

from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from pipeline_lib.reporting.paper import PaperFigures
from pipeline_lib.reporting.results.claims import Claims, claim
from pipeline_lib.reporting.results.files import Files
from pipeline_lib.reporting.results.numbers import Numbers
from pipeline_lib.reporting.results.origin import origin_lists
from pipeline_lib.reporting.results.overview import overview
from pipeline_lib.reporting.results.paper_numbers import PaperNumbers
from pipeline_lib.reporting.results.runs import Runs, find, find_dataset
from pipeline_lib.reporting.results.support import Support
from pipeline_lib.reporting.results.work import choices_table, times_table
from pipeline_lib.reporting.tables.columns import signed

Words = dict[str, Callable[..., object]]


def render_results(text: str, runs: Runs, paper: PaperFigures, images: Path) -> str:
    """Render a Markdown text, its figures copied into a folder.

    An unknown name raises UnknownResultError or jinja2's UndefinedError, a false claim
    FalseClaimError.
    """
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)  # noqa: S701 - Markdown
    environment.filters["signed"] = lambda value, decimals=3: signed(value, decimals)
    words = number_words(runs, paper) | table_words(runs, images)
    return environment.from_string(text).render(words) + "\n"


def number_words(runs: Runs, paper: PaperFigures) -> Words:
    """Name what looks up numbers or checks a claim."""
    numbers, printed, support = Numbers(runs), PaperNumbers(paper), Support(runs)
    claims = Claims(numbers)
    return {
        "dataset": numbers.dataset,
        "value": numbers.value,
        "number": numbers.number,
        "percent": numbers.percent,
        "gap": numbers.gap,
        "pair": numbers.pair,
        "difference": numbers.difference,
        "epochs": numbers.epochs,
        "with_rows": support.number,
        "with_rows_value": support.value,
        "paper": printed.number,
        "paper_value": printed.value,
        "paper_p": printed.group_p,
        "claim": claim,
        "claim_lower": claims.lower,
        "claim_alike": claims.alike,
    }


def table_words(runs: Runs, images: Path) -> Words:
    """Name what includes tables, figures and commands."""
    files = Files(runs, images)
    return {
        "table": files.table,
        "figure": files.figure,
        "overview": lambda run, dataset, *more: overview(find_dataset(runs, run, dataset), *more),
        "choices": lambda run, dataset: choices_table(find_dataset(runs, run, dataset)),
        "times": lambda run, dataset: times_table(find_dataset(runs, run, dataset)),
        "origin": lambda run: origin_lists(find(runs, run, "run", "results")),
        "command": lambda run: find(runs, run, "run", "results").command,
    }
