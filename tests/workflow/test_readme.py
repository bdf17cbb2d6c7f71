"""The README's excerpt is what the default run gives."""

import csv
import re
import shutil
from pathlib import Path

import pytest

from tests.workflow.small_project import ROOT, SmallProject

ROW = re.compile(r"^\| (\w[\w -]*?) +\| +([\d.]+)(?: ± [\d.]+)? \| +([\d.]+)", re.MULTILINE)


@pytest.mark.slow
def test_the_excerpt_is_what_the_default_run_gives(tmp_path: Path) -> None:
    for name in ("workflow", "config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "Snakefile", tmp_path)
    result = SmallProject(tmp_path).snakemake("all")
    assert result.returncode == 0, result.stdout + result.stderr
    table = tmp_path / "results/sample/movielens/tables/table2.csv"
    with table.open(encoding="utf-8") as file:
        made = {
            r["label"]: (float(r["mse_mean"]), float(r["ndcg_3_mean"]))
            for r in csv.DictReader(file)
        }
    shown = {
        label: pytest.approx((float(mse), float(ndcg)), abs=0.005)
        for label, mse, ndcg in ROW.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    }
    assert len(shown) == 8
    assert {label: made[label] for label in shown} == shown
