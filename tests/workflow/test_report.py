"""The run's report and figures, and snakemake's own report, of real runs, whole and partial."""

import pytest

from tests.workflow.small_project import SmallProject

HERE = "results/sample/movielens"


def page(project: SmallProject) -> str:
    return (project.folder / "results/sample/report.html").read_text(encoding="utf-8")


def test_every_figure_has_its_files(finished: SmallProject) -> None:
    folder = finished.folder / HERE / "figures"
    names = {file.stem for file in folder.glob("*.*")}
    assert names == {
        *("errors", "groups", "ablations", "inner_lrs", "embeddings"),
        *("learning_curves", "support_size"),
    }
    for name in names:
        for suffix in ("png", "svg", "csv", "txt"):
            assert (folder / f"{name}.{suffix}").stat().st_size > 0


def test_the_report_shows_every_table_figure_and_training(finished: SmallProject) -> None:
    text = page(finished)
    for number in range(1, 7):
        assert f"the paper&#39;s Table {number})" in text
    assert text.count('src="data:image/png;base64,') == 7
    for trial in ("two-bias/seed-0", "melu/seed-1", "paml/seed-0"):
        assert f"{HERE}/methods/{trial}" in text


def test_the_report_says_what_is_missing(finished: SmallProject) -> None:
    text = page(finished)
    assert "Of the paper&#39;s datasets not in this run: bookcrossing, taobao." in text
    assert "2 seeds of each method trained, where the paper had 3 trials." in text
    assert "not run here: meta-sgd, transfer, at-paml, reg-paml." in text


@pytest.mark.slow
def test_what_is_not_asked_for_leaves_the_rest(project: SmallProject) -> None:
    """Clicks, one seed, no learner: no baseline, no rates, no curves, no embeddings."""
    chosen = ["methods=[two-bias]", "seeds=[0]", "datasets=[taobao]"]
    result = project.snakemake("--config", *chosen)
    assert result.returncode == 0, result.stdout + result.stderr
    here = project.folder / "results/sample/taobao"
    assert {file.stem for file in (here / "figures").glob("*.*")} == {"clicks", "support_size"}
    table = (here / "tables/table3.md").read_text(encoding="utf-8")
    assert "No method of this table was run." in table
    assert "1 seed of each method trained, where the paper had 3 trials." in page(project)
