"""What methods make of few support rows, as a text shows it."""

import csv
from dataclasses import dataclass

from pipeline_lib.metrics.registry import USER_ERROR
from pipeline_lib.reporting.results.runs import Runs, find, find_dataset
from pipeline_lib.reporting.tables.columns import digits

ALL = ""  # as the figure's CSV has it


@dataclass(frozen=True)
class Support:
    """Errors by support rows, from the figure of them; raises UnknownResultError."""

    runs: Runs

    def value(self, run: str, dataset: str, method: str, rows: int | None = None) -> float:
        """Find the mean error of users who adapt on so many rows at most; None: all they have."""
        results = find_dataset(self.runs, run, dataset)
        with (results.folder / "figures/support_size.csv").open(encoding="utf-8") as file:
            lines = [line for line in csv.DictReader(file) if line["method"] == method]
        error = USER_ERROR[results.comparison.task.kind]
        known = {line["support_rows"]: float(line[error]) for line in lines}
        wanted = ALL if rows is None else str(rows)
        return find(known, wanted, "number of support rows", f"{run}/{dataset}/{method}")

    def number(self, run: str, dataset: str, method: str, rows: int | None = None) -> str:
        """Render that error."""
        error = USER_ERROR[find_dataset(self.runs, run, dataset).comparison.task.kind]
        return f"{self.value(run, dataset, method, rows):.{digits(error)}f}"
