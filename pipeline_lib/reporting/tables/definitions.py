"""Metrics by another definition, which the paper may have meant: a guess."""

from collections.abc import Mapping
from dataclasses import replace
from statistics import mean

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import find_metric, readings_of
from pipeline_lib.reporting.paper import PaperMean, PaperResults
from pipeline_lib.reporting.tables.cells import spread_text
from pipeline_lib.reporting.tables.columns import beside, sources_of
from pipeline_lib.reporting.tables.methods import table_of
from pipeline_lib.reporting.tables.notes import over_seeds, split_note
from pipeline_lib.reporting.tables.paper_notes import paper_clicks_note
from pipeline_lib.reporting.tables.table import METHODS, MINUS, Block, Cell, Row, Table, TableColumn

ONE_SCORE = Row("one-score", "One score for all")
KIND = replace(METHODS, heading="Scored by")
MEANT = {
    "rating": f"nDCG has the gain 2^R {MINUS} 1 of a rating R, or the gain R. "
    f"{ONE_SCORE.label}: an order by chance, the expectation over all orders of each user's "
    "query items.",
    "click": "NEL is the weighted cross-entropy. "
    f"{MINUS}p(true class) is what a negative log-likelihood becomes that is given probabilities "
    f"instead of their logarithms: never above 0, lower is better. {ONE_SCORE.label}: the "
    "probability with the least NEL.",
}
Printed = Mapping[str, PaperMean]  # by method


def definitions_table(comparison: Comparison, paper: PaperResults) -> Table:
    """Tabulate metrics by each of two definitions, and what an order by chance has by either.

    The paper's numbers, of its Tables 2 and 3 alone, are left out for sample data.
    """
    task, methods = comparison.task.kind, comparison.methods
    pairs = [(find_metric(str(m.reading_of)), m) for m in readings_of(task)]
    asks = comparison.of_paper and not comparison.sample
    printed = {of.name: _printed(of, comparison, paper) if asks else {} for of, _ in pairs}
    columns = [c for pair in pairs for c in _columns(comparison, *pair, printed[pair[0].name])]
    notes = [MEANT[task]]
    if asks and task == "click":
        notes.append(paper_clicks_note(paper.clicks))
    for pair in pairs:
        notes += _distances(comparison, pair, printed[pair[0].name])
    title = "which definition gives the paper's figures (a guess)" if asks else "other definitions"
    table = table_of(
        comparison,
        methods,
        f"{comparison.title}: {title}",
        columns,
        [*notes, over_seeds(methods), split_note(comparison)],
    )
    return replace(table, blocks=(Block("one-score", None, (ONE_SCORE,)), *table.blocks), kind=KIND)


def _printed(metric: Metric, comparison: Comparison, paper: PaperResults) -> Printed:
    """Return the means of its Tables 2 and 3; those of Table 2 where Table 3 has others."""
    tables = [paper.table(number).get(comparison.dataset) for number in (3, 2)]
    rows = [named for table in tables if table for named in table.rows.items()]
    return {
        name: row.means[metric.name]
        for name, row in rows
        if metric.name in row.means and row.figure is None
    }


def _columns(
    comparison: Comparison, of: Metric, reading: Metric, printed: Printed
) -> list[TableColumn]:
    """Return a metric by both definitions, and the paper's beside them."""
    theirs = {n: Cell(spread_text(m, of.digits), (m.mean, m.sd)) for n, m in printed.items()}
    ours, *beside_it = beside(_measured(comparison, of), theirs or None)
    return [ours, _measured(comparison, reading), *beside_it]


def _measured(comparison: Comparison, metric: Metric) -> TableColumn:
    found = {m.name: m.metrics[metric.name] for m in comparison.methods if metric.name in m.metrics}
    cells = {n: Cell(spread_text(s, metric.digits), (s.mean, s.sd)) for n, s in found.items()}
    if (chance := comparison.one_score.get(metric.name)) is not None:
        text = f"{chance:.{metric.digits}f}".replace("-", MINUS)
        cells[ONE_SCORE.name] = Cell(text, (chance, None))
    behind = sources_of(comparison.methods, [metric])
    return TableColumn(metric.label, (f"{metric.name}_mean", f"{metric.name}_sd"), cells, behind)


def _distances(comparison: Comparison, pair: tuple[Metric, Metric], printed: Printed) -> list[str]:
    """Return how far the paper's figures are from ours and from chance, by each definition."""
    run = {m.name: m.metrics for m in comparison.methods if m.name in printed}
    texts = []
    for metric in pair:
        chance = comparison.one_score.get(metric.name)
        ours = [
            abs(found[metric.name].mean - printed[name].mean)
            for name, found in run.items()
            if metric.name in found
        ]
        if chance is None or not printed:
            return []
        by_chance = mean(abs(chance - own.mean) for own in printed.values())
        text = f"by {metric.label} {by_chance:.3f} from an order by chance"
        texts.append(
            f"{text} and {mean(ours):.3f} from ours ({len(ours)} of them)" if ours else text
        )
    ends = " to ".join(f"{end(m.mean for m in printed.values()):.3f}" for end in (min, max))
    return [f"The paper's {len(printed)} figures, {ends}, are on average {'; '.join(texts)}."]
