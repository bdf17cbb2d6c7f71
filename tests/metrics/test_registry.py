"""A metric is one entry of the registry: all else follows from it."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import get_args

import polars as pl
import pytest

from pipeline_lib.evaluation.compare import EvaluatedTrial, compare
from pipeline_lib.evaluation.comparison import Subject
from pipeline_lib.evaluation.evaluate import evaluate
from pipeline_lib.metrics import registry
from pipeline_lib.metrics.errors import mean_of
from pipeline_lib.metrics.further import ndcg
from pipeline_lib.metrics.metric import TaskKind, Use
from pipeline_lib.metrics.registry import (
    REGISTRY,
    find_metric,
    metric_for,
    metrics_of,
    readings_of,
)
from pipeline_lib.metrics.users import users_schema
from pipeline_lib.reporting.page.page import run_page
from pipeline_lib.reporting.paper import PaperMean, PaperRow, load_paper_results
from pipeline_lib.reporting.tables.write import to_csv
from pipeline_lib.settings.methods.base import MethodSettings
from tests.evaluation.test_evaluate import RATED, SPLIT, TRAINING
from tests.metrics.test_users import RATING
from tests.reporting.page.parsed import Page
from tests.reporting.page.small_run import small_run
from tests.reporting.tables.test_methods import TABLES

MAE = replace(
    find_metric("mse"),
    name="mae",
    label="MAE",
    family="MAE",
    compute=mean_of(lambda _: (pl.col("score") - pl.col("target")).abs()),
    uses=(),
)


@pytest.fixture
def _extended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two metrics more: one that is a parameter away, one with a function of its own."""
    monkeypatch.setattr(registry, "REGISTRY", (*REGISTRY, ndcg(10), MAE))


@pytest.mark.usefixtures("_extended")
def test_one_entry_takes_a_metric_to_the_page(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    paper = load_paper_results(root / "workflow/resources/paper_results.yaml")
    users, evaluation = evaluate(RATED, RATED, TRAINING, SPLIT)
    assert users.columns == [
        *("user", "group", "mse", "ndcg_3", "ndcg_5", "ndcg_3_linear", "ndcg_5_linear"),
        *("ndcg_10", "mae"),
    ]
    assert users["mae"].to_list() == pytest.approx([0.5, 2, 1])
    users_schema(RATING).validate(users.with_columns(pl.col("user").cast(pl.String)))
    assert users_schema(RATING).columns["ndcg_10"].nullable
    assert evaluation.short_users["ndcg_10"] == 2
    assert evaluation.metrics["mae_minor"] == 2

    methods = {"melu": MethodSettings(kind="melu", label="MeLU", role="baseline")}
    subject = Subject(
        dataset="movielens", title="ML", sample=False, of_paper=True, by_activity=False
    )
    compared = compare(subject, methods, [EvaluatedTrial(evaluation, users)], {})
    assert compared.baselines["ndcg_10"] == compared.baselines["mae_major"] == "melu"
    by_all, by_group = (TABLES[number](compared, paper) for number in (2, 4))
    ours = [c.header for c in by_all.columns if c.header not in {"paper", "diff."}]
    assert ours == ["MSE", "MAE", "nDCG@3", "nDCG@5", "nDCG@10"]
    assert "ndcg_10_mean" in to_csv(by_all)
    assert "MAE minor" in [column.header for column in by_group.columns]
    assert any("Lower MSE and MAE and higher nDCG are better." in note for note in by_all.notes)
    assert any("2 with fewer than 10, ranked over" in note for note in by_all.notes)

    split = compared.model_copy(update={"split_sha256": "0123456789abcdef"})
    page = Page(run_page(small_run([split], paper, tmp_path)))
    place = [column.header for column in by_all.columns].index("nDCG@10")
    cell = page.tables["movielens.table.2"][2].cells[1 + place]
    value = f"{evaluation.metrics['ndcg_10']:.6g}"
    assert cell.attributes["data-behind"] == f"MeLU, nDCG@10\nseed 7: {value}"
    assert "MAE major" in [c.text for c in page.tables["movielens.runs.table"][0].cells]
    row = PaperRow.model_validate({"means": {"mae": {"mean": 1}}})
    assert row.means == {"mae": PaperMean(mean=1)}


def test_each_task_has_one_metric_of_each_use() -> None:
    for task, kind in product(get_args(TaskKind), get_args(Use)):
        own = [metric.name for metric in REGISTRY if metric.task == task and kind in metric.uses]
        assert own == [metric_for(kind, task).name]


def test_names_are_unique_and_groups_follow() -> None:
    assert list(metrics_of("rating")) == [
        *("mse", "ndcg_3", "ndcg_5", "ndcg_3_linear", "ndcg_5_linear", "mse_major", "mse_minor"),
    ]
    assert list(metrics_of("click")) == [
        *("nel", "auc", "auc_user", "minus_p_true"),
        *("nel_major", "nel_minor", "auc_major", "auc_minor"),
    ]
    columns = {name: (m.column, m.label, m.group) for name, m in metrics_of("click").items()}
    assert columns["nel_minor"] == ("nel", "NEL minor", "minor")
    assert columns["auc_minor"] == ("auc_group", "AUC minor", "minor")
    assert columns["auc_user"] == ("auc_user", "AUC per user", None)


def test_a_reading_stands_in_no_table_of_the_paper_and_is_read_as_the_metric_is() -> None:
    for task in get_args(TaskKind):
        readings = readings_of(task)
        assert readings
        for reading in readings:
            of = find_metric(str(reading.reading_of))
            assert (reading.tables, reading.uses) == (None, ())
            same = (reading.higher_is_better, reading.everyone, reading.k, reading.digits)
            assert same == (of.higher_is_better, of.everyone, of.k, of.digits)


def test_an_unknown_metric_is_named() -> None:
    with pytest.raises(ValueError, match="there is no metric 'mes'; there are: mse, ndcg_3"):
        find_metric("mes")
