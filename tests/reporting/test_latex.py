"""LaTeX: marks, escapes, balance, and a real compiler where there is one."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_lib.comparison import Comparison
from pipeline_lib.reporting.latex import escape, latex
from pipeline_lib.reporting.layout import DASH, MINUS, Table
from pipeline_lib.reporting.paper import PaperFigures
from pipeline_lib.reporting.tables import table_2, table_4

Build = Callable[[Comparison, PaperFigures], Table]

DOCUMENT = r"""\documentclass{article}
\usepackage{booktabs}
\begin{document}
\input{table.tex}
\end{document}
"""


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


def test_marks(compared: Comparison, paper: PaperFigures) -> None:
    text = latex(table_2(compared, paper))
    assert r"REG-PAML & \textit{1.125 $\pm$ 0.250} & 1.210 $\pm$ 0.029 & $-$0.085 & " in text
    assert r"\textbf{0.875 $\pm$ 0.250}$^{*}$ & 0.779 $\pm$ 0.002 & +0.096 & --- & " in text
    assert r"\multicolumn{10}{l}{\textit{Reference points, not in the paper}} \\" in text


def test_marks_of_clicks(clicks: Comparison, paper: PaperFigures) -> None:
    text = latex(table_2(clicks, paper))
    best = r"\textbf{0.5876 $\pm$ 0.2500}$^{*}$ & \textbf{0.2500 $\pm$ 0.2500} \\"
    assert f"PAML & {best}" in text
    assert r"NEL best $-$0.5426" in text


def test_sample_data_is_labelled(compared: Comparison, paper: PaperFigures) -> None:
    text = latex(table_2(compared.model_copy(update={"sample": True}), paper))
    assert r"\caption{SAMPLE DATA (generated), not comparable with the paper. " in text


@pytest.mark.parametrize("build", [table_2, table_4])
def test_is_ascii_and_balanced(oddly_named: Comparison, paper: PaperFigures, build: Build) -> None:
    text = latex(build(oddly_named, paper))
    assert text.isascii()
    bare = re.sub(r"\\[{}\\%&_$#]", "", text)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert re.findall(r"%.*", bare) == ["%"]  # the one that ends \makebox's line


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not on PATH")
@pytest.mark.parametrize("build", [table_2, table_4])
def test_compiles(
    oddly_named: Comparison, paper: PaperFigures, build: Build, tmp_path: Path
) -> None:
    (tmp_path / "table.tex").write_text(latex(build(oddly_named, paper)), encoding="utf-8")
    (tmp_path / "main.tex").write_text(DOCUMENT, encoding="utf-8")
    command = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "main.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Overfull" not in done.stdout
