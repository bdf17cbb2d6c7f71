"""LaTeX: marks, escapes, balance, and a real compiler where there is one."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.all import dataset_tables
from pipeline_lib.reporting.tables.datasets import table_6
from pipeline_lib.reporting.tables.latex import escape, latex
from pipeline_lib.reporting.tables.table import DASH, MINUS, Table
from tests.reporting.conftest import only
from tests.reporting.page.small_run import records, separation
from tests.reporting.small_data import small_report
from tests.reporting.tables.test_methods import TABLES

# Each tabular's width is written to the log.
PREAMBLE = r"""\documentclass{article}
\usepackage{booktabs}
\let\plainbox\makebox
\def\makebox[\linewidth][c]#1{%
  \sbox0{#1}\typeout{tabular is \the\wd0}\plainbox[\linewidth][c]{\usebox0}}
"""
PAGE, MARGIN = 614, 10  # pt; a table may reach that near to the edges of the paper


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("50 % of a_b & c#1 $2", r"50 \% of a\_b \& c\#1 \$2"),
        ("{x} ~ ^ \\", r"\{x\} \textasciitilde{} \textasciicircum{} \textbackslash{}"),
        ("\N{GREEK SMALL LETTER GAMMA} ± 1 < 2 | 3", r"$\gamma$ $\pm$ 1 $<$ 2 $|$ 3"),
        (f"[a]* {MINUS} {DASH}", "{[}a{]}{*} $-$ ---"),
        ("é ½ 漢 \N{FULLWIDTH PERCENT SIGN}", r"e 12 ? \%"),
    ],
)
def test_escapes_text(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_marks(compared: Comparison, paper: PaperResults) -> None:
    text = latex(TABLES[2](compared, paper))
    assert r"REG-PAML & \textit{1.125 $\pm$ 0.250} & 1.210 $\pm$ 0.029$^{*}$ & $-$0.085 & " in text
    assert r"\textbf{0.875 $\pm$ 0.250}$^{*}$ & 0.779 $\pm$ 0.002 & +0.096 & --- & " in text
    assert r"\multicolumn{10}{l}{\textit{Reference points, not in the paper}} \\" in text


def test_marks_of_clicks(clicks: Comparison, paper: PaperResults) -> None:
    text = latex(TABLES[2](clicks, paper))
    auc = r"\textbf{0.5876 $\pm$ 0.2500}$^{*}$ & \textbf{0.6250 $\pm$ 0.2500}$^{*}$"
    assert rf"AT-PAML & {auc} & \textbf{{0.2500 $\pm$ 0.2500}} \\" in text
    assert r"NEL best $-$0.5426" in text


def test_sample_data_is_labelled(compared: Comparison, paper: PaperResults) -> None:
    text = latex(TABLES[2](compared.model_copy(update={"sample": True}), paper))
    assert r"\caption{SAMPLE DATA (generated), not comparable with the paper. " in text


def all_tables(comparison: Comparison, paper: PaperResults) -> dict[str, Table]:
    """Build all tables of a dataset, and the one of several."""
    reports = [
        small_report(dataset=comparison.dataset, task=comparison.task, sample=comparison.sample),
        small_report(dataset="bookcrossing-literal", title="[a]* & b_{c} % é"),
    ]
    tables = dataset_tables(reports[0], comparison, paper, records(comparison), separation())
    return {**tables, "table6": table_6(reports, paper)}


def test_is_ascii_and_balanced(oddly_named: Comparison, paper: PaperResults) -> None:
    for table in all_tables(oddly_named, paper).values():
        text = latex(table)
        assert text.isascii()
        bare = re.sub(r"\\[{}\\%&_$#]", "", text)
        assert bare.count("{") == bare.count("}")
        assert bare.count("$") % 2 == 0
        assert re.findall(r"%.*", bare) == ["%"]  # the one that ends \makebox's line


def test_every_character_of_our_own_is_known(either: Comparison, paper: PaperResults) -> None:
    for table in all_tables(either, paper).values():
        assert "?" not in latex(table)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not on PATH")
@pytest.mark.parametrize("sample", [True, False])
def test_compiles_and_fits_the_paper(
    oddly_named: Comparison, paper: PaperResults, sample: bool, tmp_path: Path
) -> None:
    partial = only(oddly_named, "ablation")
    tables = [
        *all_tables(oddly_named.model_copy(update={"sample": sample}), paper).values(),
        *all_tables(partial.model_copy(update={"sample": sample}), paper).values(),
    ]
    for number, table in enumerate(tables):
        (tmp_path / f"{number}.tex").write_text(latex(table), encoding="utf-8")
    inputs = "".join(rf"\input{{{number}.tex}}\clearpage" for number in range(len(tables)))
    document = rf"{PREAMBLE}\begin{{document}}{inputs}\end{{document}}"
    (tmp_path / "main.tex").write_text(document, encoding="utf-8")
    command = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert not re.findall("Overfull|Float too large|LaTeX Warning: .*", done.stdout)
    widths = [float(width) for width in re.findall(r"tabular is ([\d.]+)pt", done.stdout)]
    assert len(widths) == len(tables)
    assert max(widths) < PAGE - 2 * MARGIN
