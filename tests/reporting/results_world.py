"""A dataset of a finished run, made of a comparison that tests share."""

from pathlib import Path

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.results.runs import DatasetResults
from pipeline_lib.training.search import Candidate, SearchResult
from tests.reporting.page.small_run import trainings
from tests.reporting.small_data import small_report
from tests.reporting.tables.test_splits import over_splits

COMMAND = "snakemake all --cores 8 --configfile config/paper.yaml"


def dataset_results(comparison: Comparison, folder: Path) -> DatasetResults:
    """Put files of tables and figures in the folder, and hold the records."""
    error = "mse" if comparison.task.kind == "rating" else "nel"
    for file, content in {
        "tables/table2.md": "# Title\n\n| a |\n| - |\n",
        "figures/errors.png": "PNG of errors",
        "figures/errors.txt": "Errors of users.\n",
        "figures/support_size.csv": f"method,support_rows,{error},users\n"
        "melu,4,1.75,20\nmelu,,1.5,20\nmelu,0,1.25,20\nmelu,1,2,20\ntransfer,4,1.25,20\ntransfer,,1,20\n",
        "figures/support_size.png": "PNG of all methods",
        "figures/support_size.txt": "Error by support rows.\n",
    }.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(content, encoding="utf-8")
    return DatasetResults(
        folder,
        comparison,
        small_report(dataset=comparison.dataset),
        [t.record for method in comparison.methods for t in trainings(comparison, method)],
        {"melu": searched(comparison, "melu")},
        over_splits() if comparison.task.kind == "rating" else None,
    )


def searched(comparison: Comparison, method: str) -> SearchResult:
    """Try two candidates, the second better."""
    first = Candidate(values={}, validation_loss=1.5, best_epoch=3, seconds=20)
    second = Candidate(values={"inner_lr": 0.1}, validation_loss=1.25, best_epoch=4, seconds=16)
    return SearchResult(
        dataset=comparison.dataset, method=method, chosen=1, candidates=[first, second]
    )
