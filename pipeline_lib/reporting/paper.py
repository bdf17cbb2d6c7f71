"""The paper's own figures, to print beside ours."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import NonNegativeFloat, PositiveInt

from pipeline_lib.settings.strict import Strict

Metric = Literal["mse", "ndcg_3", "ndcg_5", "mse_major", "mse_minor"]


class Figure(Strict):
    """A printed mean, with its standard deviation where the paper gives one."""

    mean: NonNegativeFloat
    sd: NonNegativeFloat | None = None


class PaperRow(Strict):
    """One method's row of a table.

    table: the paper's table it stands in, where that is another one. p: between major and minor
    users. note: what the paper says elsewhere about the same row.
    """

    figures: dict[Metric, Figure]
    p: NonNegativeFloat | None = None
    table: PositiveInt | None = None
    note: str | None = None


class PaperTable(Strict):
    """One dataset's part of a table. rows: by method. note: what touches every row."""

    rows: dict[str, PaperRow]
    note: str | None = None


class PaperFigures(Strict):
    """Tables 2 and 4 by dataset. trials: those that each mean is over."""

    trials: PositiveInt
    table_2: dict[str, PaperTable]
    table_4: dict[str, PaperTable]


def load_paper_figures(path: Path) -> PaperFigures:
    """Read the figures from YAML."""
    return PaperFigures.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
