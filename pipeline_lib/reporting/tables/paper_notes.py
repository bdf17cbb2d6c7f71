"""The notes on the paper's own numbers: what they are, and where they contradict each other."""

from collections.abc import Iterable, Sequence
from statistics import mean

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.evaluation.stopped import StoppedMethod
from pipeline_lib.metrics.registry import find_metric
from pipeline_lib.reporting.paper import Bars, PaperClicks, PaperResults, PaperTable
from pipeline_lib.reporting.printed import (
    TOTALS,
    PrintedTest,
    group_ps,
    major_shares,
    star_tests,
)
from pipeline_lib.reporting.tables.cells import SIGNIFICANT, p_cell
from pipeline_lib.reporting.tables.table import MINUS

STARRED = {2: "the best baseline", 3: "PAML"}


def paper_notes(
    number: int, comparison: Comparison, methods: Sequence[MethodResult], paper: PaperResults
) -> list[str]:
    """Return what the paper's means of Table 2 to 5 are, and where the paper contradicts them."""
    table = paper.table(number).get(comparison.dataset)
    if table is None:
        return []
    shown = [(m.label, table.rows[m.name]) for m in methods if m.name in table.rows]
    return [
        f"diff.: our mean {MINUS} the paper's.",
        f"paper: the figures of Yu et al. (2021), means of {paper.trials} trials on the paper's "
        "own unpublished split.",
        *(
            f"{label}: the paper's figures are from its Figure {row.figure}, without deviations."
            for label, row in shown
            if row.figure
        ),
        *([f"{table.note}."] if table.note else []),
        *(f"{label}: {row.note}." for label, row in shown if row.note),
        *(
            _star_notes(number, comparison, table, paper.trials)
            if number in STARRED
            else _group_notes(number, comparison, table, paper)
        ),
    ]


def not_run(
    number: int,
    dataset: str,
    methods: Sequence[MethodResult | StoppedMethod],
    paper: PaperResults,
) -> list[str]:
    """Return which methods of the paper's table on a dataset are not in ours."""
    printed = paper.table(number).get(dataset)
    rows = printed.rows.items() if printed else ()
    ours = {m.name for m in methods}
    missing = [name for name, row in rows if name not in ours and row.figure is None]
    if not missing:
        return []
    return [f"In the paper's Table {number}, but not run here: {', '.join(missing)}."]


def paper_clicks_note(clicks: PaperClicks) -> str:
    """Return the paper's numbers on clicks, which no row of ours can stand beside."""
    return (
        f"Yu et al. (2021) show clicks only as bars (Figure {clicks.figure}), of a private log; "
        f"ours is another, so these do not compare: AUC {_bars(clicks.auc)}; NEL "
        f"{_bars(clicks.nel)}. This NEL has the sign opposite to ours; with ours, its best would "
        "be its largest loss."
    )


def _bars(bars: Bars) -> str:
    best, second, baseline = (
        f"{value:.4f}".replace("-", MINUS) for value in (bars.best, bars.second, bars.best_baseline)
    )
    return f"best {best}, second {second}, best baseline {baseline}"


def _star_notes(number: int, comparison: Comparison, table: PaperTable, trials: int) -> list[str]:
    tests = [*star_tests(number, table.rows, trials)]
    starred = [test for test in tests if test.star]
    doubtful = [test for test in starred if test.p >= SIGNIFICANT]
    others = [test for test in tests if not test.star and test.p < SIGNIFICANT]
    notes = [
        f"* beside the paper's figures: its own, better than {STARRED[number]} at p < "
        f"{SIGNIFICANT}. Its means and deviations (n = {trials}, two-tailed t-test) give "
        f"{_listed(_test_text(test, comparison) for test in starred)}."
    ]
    if doubtful:
        text = _listed(_test_text(test, comparison, with_p=False) for test in doubtful)
        notes.append(f"The paper's stars of {text} cannot come from its {trials} trials.")
    if others:
        text = _listed(_test_text(test, comparison) for test in others)
        notes.append(
            "Without a star in the paper, though by its figures better at "
            f"p < {SIGNIFICANT}: {text}."
        )
    return notes


def _test_text(test: PrintedTest, comparison: Comparison, *, with_p: bool = True) -> str:
    text = f"{_label(test.method, comparison)} {find_metric(test.metric).label}"
    return f"{text} {_p_text(test.p)}" if with_p else text


def _group_notes(
    number: int, comparison: Comparison, table: PaperTable, paper: PaperResults
) -> list[str]:
    ps = group_ps(table.rows, paper.trials)
    texts = _listed(f"{_label(name, comparison)} {_p_text(p)}" for name, p in ps.items())
    return [
        f"The paper's p is over users as well: its {paper.trials} trials' means and deviations "
        f"would give {texts}.",
        _share_note(number, comparison, paper),
    ]


def _share_note(number: int, comparison: Comparison, paper: PaperResults) -> str:
    found = major_shares(number, comparison.dataset, paper)
    possible = [share for share in found if share.is_possible]
    middle = round(100 * mean((share.low + share.high) / 2 for share in possible))
    ranges = _listed(
        f"{_label(s.method, comparison)} {100 * s.low:.1f} to {100 * s.high:.1f} %"
        for s in possible
    )
    none = _listed(_label(s.method, comparison) for s in found if not s.is_possible)
    stated = paper.table_6[comparison.dataset].major_percent
    ours = 100 * comparison.users_by_group.get("major", 0) / comparison.test_users
    return (
        "The share w of major users that the paper's figures imply, total = w · major + "
        f"(1 {MINUS} w) · minor in its Tables {TOTALS[number]} and {number}: {ranges}; on average "
        f"{middle} : {100 - middle}, where it states {stated:g} : {100 - stated:g} and our test "
        f"users are {ours:.0f} : {100 - ours:.0f}."
        + (f" No share fits the figures of {none}." if none else "")
    )


def _label(method: str, comparison: Comparison) -> str:
    return next((m.label for m in comparison.methods if m.name == method), method)


def _p_text(p: float) -> str:
    text = p_cell(p).text
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(texts)
