"""A table as LaTeX, to input into a document that loads booktabs."""

import unicodedata

from pipeline_lib.reporting.tables.table import DASH, MINUS, Block, Cell, Table

GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "eta", "theta", "mu", "sigma", "psi")
SPECIAL = {
    **{c: f"\\{c}" for c in "&%$#_{}"},
    **{c: f"{{{c}}}" for c in "[]*"},  # after \\ these would be read as its arguments
    **{c: f"${c}$" for c in "<>|"},
    **{unicodedata.lookup(f"GREEK SMALL LETTER {name}"): rf"$\{name}$" for name in GREEK},
    unicodedata.lookup("GREEK CAPITAL LETTER DELTA"): r"$\Delta$",
    MINUS: "$-$",
    DASH: "---",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "·": r"$\cdot$",
}
EMPHASIS = {"best": r"\textbf{%s}", "second": r"\textit{%s}", None: "%s"}


def latex(table: Table) -> str:
    """Render a floating table with its title as caption and its notes beneath."""
    header = [escape(table.kind.heading), *(escape(column.header) for column in table.columns)]
    # A box of the line's width lets a wide table reach evenly into both margins.
    lines = [
        r"\begin{table}[tbp]",
        r"\centering\scriptsize\setlength{\tabcolsep}{3pt}\setlength{\belowcaptionskip}{4pt}",
        rf"\caption{{{escape(table.file_title)}}}",
        r"\makebox[\linewidth][c]{%",
        rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
        r"\toprule",
        _row(header),
        *(line for block in table.blocks for line in _block_lines(table, block)),
        r"\bottomrule",
        r"\end{tabular}}",
        r"\begin{minipage}{\linewidth}",
        r"\raggedright",
        *(rf"\par\smallskip {escape(note)}" for note in table.file_notes),
        r"\end{minipage}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Make text safe for any LaTeX: special characters escaped, unknown ones simplified."""
    known = (c if c.isascii() or c in SPECIAL else _simplified(c) for c in text)
    return "".join(SPECIAL.get(c, c) for c in "".join(known))


def _simplified(character: str) -> str:
    return unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode() or "?"


def _block_lines(table: Table, block: Block) -> list[str]:
    width = len(table.columns) + 1
    title = (
        [rf"\multicolumn{{{width}}}{{l}}{{\textit{{{escape(block.title)}}}}} \\"]
        if block.title
        else []
    )
    rows = (
        _row([escape(row.label), *(_cell(cell) for cell in table.cells(row))]) for row in block.rows
    )
    return [r"\midrule", *title, *rows]


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(cell: Cell) -> str:
    return EMPHASIS[cell.rank] % escape(cell.text) + ("$^{*}$" if cell.star else "")
