"""docs/api.md and the notebook, run as they stand on a finished run."""

import re
import runpy
from pathlib import Path

import pytest

from tests.workflow.small_project import ROOT, SmallProject

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def _here(finished: SmallProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder with the results of the run that tests share."""
    (tmp_path / "results").symlink_to(finished.folder / "results")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")


@pytest.mark.usefixtures("_here")
def test_the_page_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = BLOCK.findall((ROOT / "docs/api.md").read_text(encoding="utf-8"))
    assert len(blocks) == 4
    (tmp_path / "page.py").write_text("\n".join(blocks), encoding="utf-8")
    names = runpy.run_path("page.py")
    assert names["scores"].columns == ["item", "target", "before", "after"]
    assert "['movielens'] ['melu', 'paml', 'two-bias'] [0, 1]" in capsys.readouterr().out


@pytest.mark.usefixtures("_here")
def test_the_notebook_goes_from_the_run_to_a_figure(tmp_path: Path) -> None:
    names = runpy.run_path(str(ROOT / "docs/notebook.py"))
    assert (tmp_path / "notebook.png").stat().st_size > 10_000
    moved = names["adapted"].filter(item=names["liked"])["after"].to_list()
    assert len(moved) == len(set(moved)) == 6
