"""The paper's own results, to print beside ours."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, NonNegativeFloat, PositiveInt

from pipeline_lib.metrics.registry import find_metric
from pipeline_lib.settings.strict import Strict

MetricName = Annotated[str, AfterValidator(lambda name: find_metric(name).name)]


class PaperMean(Strict):
    """A printed mean, with its standard deviation where the paper gives one."""

    mean: NonNegativeFloat
    sd: NonNegativeFloat | None = None


class PaperRow(Strict):
    """One method's row of a table.

    means: by metric. starred: those that are better than the best baseline's in Table 2, than
    PAML's in Table 3. p: between major and minor users. figure: the paper's that has it, where no
    table does. note: what the paper says elsewhere about the same row.
    """

    means: dict[MetricName, PaperMean]
    starred: tuple[MetricName, ...] = ()
    p: NonNegativeFloat | None = None
    figure: PositiveInt | None = None
    note: str | None = None


class PaperTable(Strict):
    """One dataset's part of a table. rows: by method. note: what touches every row."""

    rows: dict[str, PaperRow]
    note: str | None = None


class Bars(Strict):
    """A metric's bars as far as the paper puts a number to them; it names no method."""

    best: float
    second: float
    best_baseline: float


class PaperClicks(Strict):
    """Clicks on a private log, which the paper shows in one figure alone, with NEL below 0."""

    figure: PositiveInt
    auc: Bars
    nel: Bars


class PaperCommonValues(Strict):
    """One dataset's part of Table 1: by user feature, the percentage with a common value."""

    percent: dict[str, NonNegativeFloat]
    note: str | None = None


class PaperDataset(Strict):
    """One dataset's column of Table 6. major_percent: of the users; the others are minor."""

    users: PositiveInt
    items: PositiveInt
    item_features: tuple[str, ...]
    user_features: tuple[str, ...]
    major_percent: NonNegativeFloat
    note: str | None = None


class PaperCost(Strict):
    """What one training took."""

    seconds: PositiveInt
    bytes: PositiveInt


class PaperCosts(Strict):
    """Costs by method, on one dataset and one kind of hardware."""

    dataset: str
    hardware: str
    methods: dict[str, PaperCost]


class PaperResults(Strict):
    """Tables by dataset, clicks and costs. trials: those that each mean of a table is over."""

    trials: PositiveInt
    table_1: dict[str, PaperCommonValues]
    table_2: dict[str, PaperTable]
    table_3: dict[str, PaperTable]
    table_4: dict[str, PaperTable]
    table_5: dict[str, PaperTable]
    table_6: dict[str, PaperDataset]
    clicks: PaperClicks
    costs: PaperCosts

    def table(self, number: int) -> dict[str, PaperTable]:
        """Return Table 2, 3, 4 or 5."""
        tables = {2: self.table_2, 3: self.table_3, 4: self.table_4, 5: self.table_5}
        return tables[number]


def load_paper_results(path: Path) -> PaperResults:
    """Read the results from YAML."""
    return PaperResults.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


LITERAL = "-literal"  # variants of a dataset end in it


def missing_datasets(datasets: Collection[str], paper: PaperResults) -> list[str]:
    """Return a sentence that names the paper's datasets of which a run has no variant."""
    met = {name.removesuffix(LITERAL) for name in datasets}
    found = dict.fromkeys(name.removesuffix(LITERAL) for name in paper.table_6)
    missing = [name for name in found if name not in met]
    return [f"Of the paper's datasets not in this run: {', '.join(missing)}."] if missing else []


def missing_trials(seeds: int, paper: PaperResults) -> list[str]:
    """Return a sentence on a run with fewer seeds than the paper had trials."""
    if seeds >= paper.trials:
        return []
    seeds_text = "1 seed" if seeds == 1 else f"{seeds} seeds"
    return [f"{seeds_text} of each method trained, where the paper had {paper.trials} trials."]
