"""Render a text whose numbers, tables and figures are looked up in finished runs."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline_lib.evaluation.comparison import Gap, Pair, SplitPair
from pipeline_lib.metrics.registry import find_metric
from pipeline_lib.reporting.drawing.write import draw_figure
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.results.claims import Claims, claim
from pipeline_lib.reporting.results.numbers import Numbers, p_text, spread
from pipeline_lib.reporting.results.runs import Runs, UnknownResultError
from pipeline_lib.reporting.tables.cells import signed
from pipeline_lib.reporting.tables.notes import group_sizes
from pipeline_lib.reporting.tables.table import DASH
from pipeline_lib.reporting.tables.write import aligned, escape
from pipeline_lib.training.record import TrainingRecord
from pipeline_lib.training.search import Candidate

TABLES = "overview, splits_overview, claims, choices, times, origin"
WHOLE = f"{{% from 'results.md.j2' import {TABLES} %}}"


def render_results(text: str, runs: Runs, paper: PaperResults, images: Path) -> str:
    """Render a Markdown text, its figures copied into a folder.

    An unknown name raises UnknownResultError or jinja2's UndefinedError, a false claim
    FalseClaimError.
    """
    environment = Environment(
        loader=PackageLoader("pipeline_lib.reporting"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown
        trim_blocks=True,
    )
    numbers = Numbers(runs, paper)
    environment.filters |= FILTERS
    environment.globals |= {"claim": claim}
    for words in (numbers, Claims(numbers), Files(numbers, images)):
        named = (name for name in vars(type(words)) if not name.startswith("_"))
        environment.globals |= {name: getattr(words, name) for name in named}
    return environment.from_string(WHOLE + text).render() + "\n"


@dataclass(frozen=True)
class Files:
    """Files of finished runs that a text may include. images: where figures are copied to."""

    numbers: Numbers
    images: Path

    def table(self, run: str, dataset: str, name: str) -> str:
        """Include a table that the run wrote, its title in bold."""
        text = self._find(run, dataset, "tables", f"{name}.md").read_text(encoding="utf-8")
        title, body = text.split("\n", 1)
        return f"**{title.removeprefix('# ')}**\n{body}"

    def figure(self, run: str, dataset: str, name: str, methods: Sequence[str] = ()) -> str:
        """Copy a figure, or draw it of some methods, and link it with its caption."""
        source = self._find(run, dataset, "figures", f"{name}.png")
        copy = self.images / ("-".join([run, dataset, name, *methods]) + ".png")
        if methods:
            shown = self.numbers.dataset(run, dataset).only(methods)
            frame = pl.read_csv(source.with_suffix(".csv"), glob=False)
            frame = frame.filter(pl.col("method").is_in([m.name for m in shown.methods]))
            caption = draw_figure(name, frame, shown, [copy])
        else:
            shutil.copyfile(source, copy)
            caption = source.with_suffix(".txt").read_text(encoding="utf-8").strip()
        link = f"![{name.replace('_', ' ')}](images/{self.images.name}/{copy.name})"
        return f"{link}\n\n*{caption}*\n"

    def _find(self, run: str, dataset: str, kind: str, file: str) -> Path:
        path = self.numbers.dataset(run, dataset).folder / kind / file
        if not path.is_file():
            known = ", ".join(sorted(f.stem for f in path.parent.glob(f"*{path.suffix}")))
            raise UnknownResultError(f"{path.parent}: there is no {file}; there are: {known}")
        return path


def _aligned(text: str) -> str:
    """Align a table: a paragraph is a row, a line a cell."""
    rows = [row.splitlines() for row in text.strip().split("\n\n")]
    return aligned([row for row in rows if row])


def _difference(own: Pair | SplitPair | Gap | None, metric: str) -> str:
    return DASH if own is None else signed(own.difference, find_metric(metric).digits)


def _interval(own: Pair | SplitPair, metric: str) -> str:
    if own.low is None or own.high is None:
        return DASH
    low, high = (signed(end, find_metric(metric).digits) for end in (own.low, own.high))
    return f"{low} to {high}"


def _apart(own: Pair | SplitPair | None, metric: str) -> str:
    """Render a difference, with its interval where there is one."""
    interval = DASH if own is None else _interval(own, metric)
    return _difference(own, metric) + ("" if interval == DASH else f" ({interval})")


def _hours(made: list[TrainingRecord] | list[Candidate]) -> str:
    return f"{len(made):,}, {sum(own.seconds for own in made) / 3600:.1f} h in all"


def _several(records: Iterable[TrainingRecord], form: str) -> str:
    """Render what differs among trainings, once each."""
    return ", ".join(sorted({form.format(**dict(record)) for record in records}))


FILTERS: dict[str, Callable[..., object]] = {
    "aligned": _aligned,
    "apart": _apart,
    "count": lambda number: f"{number:,.0f}",
    "difference": _difference,
    "group_sizes": group_sizes,
    "header": lambda metric: find_metric(metric).label,
    "hours": _hours,
    "interval": _interval,
    "loss": lambda value: DASH if value is None else f"{value:.3f}",
    "md": escape,
    "mean": fmean,
    "p": p_text,
    "several": _several,
    "signed": lambda value, decimals=3: signed(value, decimals),
    "spread": spread,
}
