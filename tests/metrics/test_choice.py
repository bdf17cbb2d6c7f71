"""Which metrics a run may choose, and what each of its datasets has of them."""

import re

import pytest

from pipeline_lib.metrics.choice import choose_metrics
from pipeline_lib.metrics.metric import TaskKind
from pipeline_lib.metrics.registry import find_metric, metrics_among, metrics_of
from pipeline_lib.settings.errors import SettingsError

BOTH: dict[str, TaskKind] = {"films": "rating", "ads": "click"}


def test_a_dataset_has_the_names_of_its_task_once_and_in_the_runs_order() -> None:
    names = ["rmse", "mrr", "ndcg_10", "mse", "hit_3", "auc_minor", "rmse"]
    assert choose_metrics(names, BOTH) == {
        "films": ["rmse", "ndcg_10", "mse"],
        "ads": ["mrr", "ndcg_10", "hit_3", "auc_minor"],
    }
    assert choose_metrics([], BOTH) == {"films": [], "ads": []}


@pytest.mark.parametrize(
    ("name", "tasks", "answer"),
    [
        ("rsme", {"films": "rating"}, "unknown metric of ratings 'rsme'; did you mean 'rmse'? "),
        ("mrr", {"films": "rating"}, "unknown metric of ratings 'mrr'; "),
        ("mae", {"ads": "click"}, "unknown metric of clicks 'mae'; "),
        ("recall_0", BOTH, "unknown metric of clicks or ratings 'recall_0'; did you mean"),
        ("hit_05", {"ads": "click"}, "unknown metric of clicks 'hit_05'; did you mean 'hit_k'? "),
        ("hit_9999999999", {"ads": "click"}, "unknown metric of clicks 'hit_9999999999'; "),
        ("hit_k", {"ads": "click"}, "hit_k stands for any k: write for example hit_10"),
    ],
)
def test_a_name_of_none_of_the_tasks_is_refused(
    name: str, tasks: dict[str, TaskKind], answer: str
) -> None:
    with pytest.raises(SettingsError, match="^run config: metrics: " + re.escape(answer)):
        choose_metrics([name], tasks)


def test_the_known_names_are_named() -> None:
    with pytest.raises(SettingsError) as refused:
        choose_metrics(["mrr"], {"films": "rating"})
    for name in ("mae", "rmse", "ndcg_k", "mse", "ndcg_3_linear", "mse_minor"):
        assert name in str(refused.value)
    assert "hit_k" not in str(refused.value)


def test_any_k_is_a_metric() -> None:
    for name, label in (("ndcg_7", "nDCG@7"), ("recall_20", "Recall@20"), ("hit_1", "Hit@1")):
        metric = find_metric(name)
        assert (metric.name, metric.label) == (name, label)
        assert (metric.k, metric.higher_is_better) == (int(name.split("_")[1]), True)


def test_chosen_ones_come_last_and_stand_in_no_table_of_the_paper() -> None:
    always = metrics_of("rating")
    chosen = metrics_of("rating", ["ndcg_10", "ndcg_5", "mae"])
    assert [*chosen] == [*always, "ndcg_10", "mae"]
    assert chosen["ndcg_5"].tables == always["ndcg_5"].tables
    assert (chosen["ndcg_10"].tables, chosen["mae"].tables) == (None, None)


def test_a_task_has_no_other_tasks_metrics() -> None:
    with pytest.raises(ValueError, match="unknown metric of a click 'mae'"):
        metrics_of("click", ["mae"])


def test_a_tables_columns_say_which_metrics_it_has() -> None:
    columns = ["user", "group", "nel", "auc_group", "hit_3", "ndcg_5", "mae", "seed"]
    assert [*metrics_among(columns, "click")] == [*metrics_of("click"), "hit_3", "ndcg_5"]
