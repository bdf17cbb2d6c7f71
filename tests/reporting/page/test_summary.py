"""What a dataset's part says first: who did best, and whether it beats the reference points."""

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.page.report import RunReport
from pipeline_lib.reporting.page.summary import dataset_tiles, run_tiles, verdict
from tests.reporting.conftest import item_mean, only, pair, single


def test_tiles_count_and_name_the_best(report: RunReport) -> None:
    tiles = {tile.what: (tile.value, tile.more) for tile in dataset_tiles(report.datasets[0])}
    assert tiles == {
        "users kept": ("3", "of 6 clean"),
        "test users": ("1,234", "734 major and 500 minor"),
        "best method": ("PAML", "MSE 1.000 ± 0.250"),
        "best reference point": ("Item mean", "MSE 1.000"),
        "split": ("0123456789ab", ""),
    }
    tiles = {tile.what: (tile.value, tile.more) for tile in dataset_tiles(report.datasets[1])}
    assert tiles["best method"] == ("AT-PAML", "AUC 0.5876 ± 0.2500")
    assert tiles["best reference point"] == ("Global mean", "AUC 0.5000")


def test_a_runs_trainings_are_counted(report: RunReport) -> None:
    tiles = {tile.what: tile.value for tile in run_tiles(report)}
    assert tiles == {
        "datasets": "2",
        "methods": "7",
        "trainings": "23",
        "training time": "6.4 h",
        "revision": "0123456789ab",
    }


@pytest.mark.parametrize(
    ("mean", "holm_p", "says"),
    [
        (1.5, 0.0002, "is better than"),
        (1.5, 0.5, "cannot be told from"),
        (0.5, 0.0002, "is worse than"),
        (1.5, None, "cannot be told from"),
        (1.0, None, "cannot be told from"),
    ],
)
def test_the_best_method_is_held_against_the_best_reference_point(
    compared: Comparison, mean: float, holm_p: float | None, says: str
) -> None:
    reference = item_mean().model_copy(update={"metrics": {"mse": single(mean)}})
    tested = pair("item-mean", "paml", mean - 1, None if holm_p is None else holm_p / 2)
    changes = {"methods": [reference, *compared.methods[1:]], "pairs": [tested]}
    text = verdict(compared.model_copy(update=changes)) or ""
    assert text.startswith(f"By MSE, the best method, PAML, {says} the best reference point, ")
    assert ("95 % CI" in text) is (holm_p is not None)


def test_the_verdict_turns_the_pair_and_names_its_test(compared: Comparison) -> None:
    paired = compared.model_copy(update={"pairs": [pair("item-mean", "paml", 0.0, 0.0001)]})
    reference = item_mean().model_copy(update={"metrics": {"mse": single(1.25)}})
    paired = paired.model_copy(update={"methods": [reference, *compared.methods[1:]]})
    assert verdict(paired) == (
        "By MSE, the best method, PAML, is better than the best reference point, Item mean: "
        "difference −0.250, 95 % CI over users −0.250 to +0.125, p < 0.001 (Holm)."
    )


def test_clicks_are_better_where_higher(clicks: Comparison) -> None:
    assert verdict(clicks) == (
        "By AUC, the best method, AT-PAML, cannot be told from the best reference point, Global "
        "mean: difference +0.0876, not tested."
    )


def test_nothing_to_hold_against(compared: Comparison) -> None:
    assert verdict(only(compared, "baseline", "proposed")) is None
    assert verdict(only(compared, "reference")) is None
