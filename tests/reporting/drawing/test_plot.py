"""Which figures there are, known from settings alone."""

import subprocess
import sys

import pytest

from pipeline_lib.metrics.metric import TaskKind
from pipeline_lib.reporting.drawing.plot import figures_for, missing, plots
from tests.reporting.drawing.worlds import DEMO, METHODS, some

ALWAYS = ("groups", "embeddings", "learning_curves", "support_size")


def test_the_paper_has_all_figures() -> None:
    expected = ("errors", "inner_lrs", "failure", "ablations", *ALWAYS)
    assert figures_for("rating", METHODS) == expected
    assert missing("rating", METHODS) == []
    assert missing("click", METHODS) == []


def test_clicks_have_figure_3_in_place_of_5_and_6() -> None:
    found = figures_for("click", some(DEMO))
    assert found == ("clicks", "inner_lrs", "ablations", *ALWAYS)


def test_the_failure_needs_its_method() -> None:
    assert missing("rating", some(DEMO)) == [
        "The paper's Figures 4 and 7 (inner_lrs here) cannot show reg-paml-1e-5, which was not "
        "run.",
        "The paper's Figure 8 cannot be drawn without at-paml-outer-5e-4.",
        "The paper's Figure 9 (ablations here) cannot show reg-paml-1e-5, reg-paml-1e-4, "
        "reg-paml-1e-2, which were not run.",
    ]


@pytest.mark.parametrize("kind", ["rating", "click"])
def test_a_single_reference_has_what_needs_no_learner(kind: TaskKind) -> None:
    first = "errors" if kind == "rating" else "clicks"
    assert figures_for(kind, some(["user-mean"])) == (first, "support_size")
    sentences = missing(kind, some(["user-mean"]))
    assert [s.split(" cannot")[0] for s in sentences] == [
        f"The paper's Figure {'5 and 6' if kind == 'rating' else '3'} ({first} here)".replace(
            "Figure 5", "Figures 5"
        ),
        *(f"The paper's {n}" for n in ("Figures 4 and 7", "Figure 8", "Figure 9", "Figure 10")),
        "The paper's Figure 11",
    ]
    assert sentences[-1].endswith("cannot be drawn without a learner.")


def test_melu_has_no_rates_of_users() -> None:
    assert figures_for("rating", some(["melu"])) == ("errors", *ALWAYS)


def test_figures_stand_in_the_papers_order_and_ours_last() -> None:
    assert list(plots()) == [
        *("clicks", "errors", "inner_lrs", "failure", "ablations", *ALWAYS, "sweeps"),
    ]


def test_planning_does_not_wait_for_matplotlib() -> None:
    code = (
        "import sys; from pipeline_lib.reporting.drawing.plot import plots; plots(); "
        "assert not {'matplotlib', 'scipy'} & {*sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_ablations_alone_have_no_embeddings() -> None:
    assert figures_for("rating", some(["paml"])) == (
        *("errors", "inner_lrs", "ablations", "learning_curves", "support_size"),
    )
