"""The README's excerpt is what `make demo` gives, and no more than is asked for."""

import csv
import re
import shutil
from functools import reduce
from operator import or_
from pathlib import Path

import pytest

from tests.workflow.checkout import set_up
from tests.workflow.small_project import ROOT, SmallProject

NUMBERS = r" +\| +([\d.]+)" * 3
ROW = re.compile(rf"^\| (\w[\w -]*?){NUMBERS} \|", re.MULTILINE)
# What programs say that is of no use to a reader, and lines that jobs log to their files.
NOISE = re.compile(r"warning|deprecat|notice|select jobs|execute \d|epoch|traceback", re.IGNORECASE)
CLOSED_FORM = "Two-bias model"  # without a seed, so alike on all machines
# The metric, and the standard deviation over four seeds of the learner where it is largest: another
# model of CPU rounds otherwise, and the excerpt is of one seed. Two seeds differ by 1.4 standard
# deviations, so that 3 hold nearly all differences.
SPREADS = 3
SHOWN = {
    "movielens": ("mse_mean", 0.07),
    "bookcrossing": ("mse_mean", 0.24),
    "taobao": ("auc_mean", 0.012),
}


def made(table: Path, column: str) -> dict[str, float]:
    with table.open(encoding="utf-8") as file:
        return {row["label"]: float(row[column]) for row in csv.DictReader(file)}


@pytest.mark.slow
def test_the_excerpt_is_what_make_demo_gives(tmp_path: Path) -> None:
    for name in ("workflow", "config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "Snakefile", tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^    (make demo)\b", readme, re.MULTILINE)
    said = set_up(SmallProject(tmp_path)).shell(command, TTY_COMPATIBLE="1")  # as on a terminal
    assert "Workflow Progress" in said
    assert NOISE.findall(said) == []
    assert said.count("report.html") == 1
    assert said.strip().endswith(f"{tmp_path.resolve()}/results/sample/report.html")
    rows = ROW.findall(readme)
    assert len(rows) == 7
    for place, (dataset, (column, spread)) in enumerate(SHOWN.items(), start=1):
        tables = tmp_path / f"results/sample/{dataset}/tables"
        assert (tables / "table2.md").read_text(encoding="utf-8") in said
        shown = {
            row[0]: pytest.approx(
                float(row[place]), abs=0.005 if row[0] == CLOSED_FORM else SPREADS * spread
            )
            for row in rows
        }
        both = (made(tables / f"table{n}.csv", column) for n in (2, 3))
        assert reduce(or_, both) == shown


def test_the_results_in_short_are_those_of_the_results_page() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## Results on the real logs", 1)[1].split("\n## ", 1)[0]
    page = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert len(rows) == 12
    assert "\n".join(rows) in page
    numbers = set(re.findall(r"\b\d\.\d{3}\b", section))
    assert not {number for number in numbers if number not in page}
