"""Every method answers every sound request, however little it says."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
import torch

from pipeline_lib.serving.answers import rank_answers
from pipeline_lib.serving.pyfunc import ServedModel, save_model
from pipeline_lib.serving.recommender import load_recommender
from tests.serving.conftest import METHODS
from tests.serving.over_http import post, serve
from tests.serving.small_bundle import bundle_of
from tests.workflow.small_project import ROOT, SmallProject

Record = Mapping[str, Any]
Answer = Callable[[list[Record]], list[Record]]
TWO = ("two-bias", "at-paml")
GONE = [{"item": "gone", "target": 5.0}]
# What is asked, and how many items get a score and how many none.
ODD: dict[str, tuple[Record, int, int]] = {
    "no support": ({"gender": "F", "age": "25", "candidates": ["2", "3"]}, 2, 0),
    "empty support": ({"support": [], "candidates": ["2"]}, 1, 0),
    "unknown support": ({"support": GONE, "candidates": ["2", "3", "4"]}, 3, 0),
    "known and unknown": ({"support": GONE, "candidates": ["2", "nope"]}, 1, 1),
    "unknown candidates": ({"support": [{"item": "1", "target": 4}], "candidates": ["no"]}, 0, 1),
    "unknown items": ({"support": GONE, "candidates": ["nope", "no"]}, 0, 2),
    "unknown values": ({"gender": "?", "zip": "elsewhere", "candidates": ["2"]}, 1, 0),
    "no candidates": ({"support": [{"item": "1", "target": 4}], "candidates": []}, 0, 0),
}


RECORDS: list[Record] = [{"user": name, **asked} for name, (asked, _, _) in ODD.items()]


def check_rows(name: str, rows: list[Record]) -> None:
    """Hold the answer to an odd user to what was asked."""
    _, scored, unscored = ODD[name]
    scores = [row["score"] for row in rows]
    assert [score is None for score in scores] == [False] * scored + [True] * unscored, name
    assert all(1 <= score <= 5 for score in scores[:scored]), name
    assert [row["rank"] for row in rows[:scored]] == [*range(1, scored + 1)], name


def check_together(answer: Answer) -> None:
    """Ask for all odd users at once."""
    together = answer(RECORDS)
    for name in ODD:
        check_rows(name, [row for row in together if row["user"] == name])


def check_answers(answer: Answer) -> None:
    """Hold the answers to each odd user alone, to all together, and to nobody."""
    alone = {record["user"]: answer([record]) for record in RECORDS}
    for name, rows in alone.items():
        check_rows(name, rows)
    together = answer(RECORDS)
    for name, own in alone.items():
        shared = [row for row in together if row["user"] == name]
        assert [(row["item"], row["score"]) for row in shared] == [
            (row["item"], row["score"]) for row in own
        ], name
    assert answer([]) == []


def load(run: SmallProject, method: str, folder: Path) -> Path:
    return bundle_of(run, f"{method}/seed-0", folder / "bundle")


def served(run: SmallProject, method: str, folder: Path) -> Answer:
    model = ServedModel(load_recommender(load(run, method, folder)))

    def answer(records: list[Record]) -> list[Record]:
        rows: list[Record] = model.predict(pd.DataFrame(records)).to_dict("records")
        return rows

    return answer


@pytest.mark.parametrize("method", METHODS)
class TestEveryMethod:
    def test_answers_requests_that_say_little(
        self, method: str, run: SmallProject, tmp_path: Path
    ) -> None:
        check_together(served(run, method, tmp_path))


@pytest.mark.parametrize(
    "method", [pytest.param(m, marks=() if m in TWO else pytest.mark.slow) for m in METHODS]
)
def test_answers_them_alone_as_together(method: str, run: SmallProject, tmp_path: Path) -> None:
    check_answers(served(run, method, tmp_path))


@pytest.mark.slow
def test_at_paml_answers_them_over_http(run: SmallProject, tmp_path: Path) -> None:
    save_model(load(run, "at-paml", tmp_path), tmp_path / "model")
    with serve(tmp_path / "model", tmp_path) as url:

        def answer(records: list[Record]) -> list[Record]:
            status, content = post(url, json.dumps({"dataframe_records": records}))
            assert status == 200, content
            rows: list[Record] = content["predictions"]
            return rows

        check_answers(answer)


LOAD = """
import sys
from pathlib import Path
from pipeline_lib.serving.recommender import load_recommender
print(*(load_recommender(Path(folder)).training.method for folder in sys.argv[1:]))
"""


@pytest.mark.slow
def test_every_method_is_loaded_where_none_was_before(run: SmallProject, tmp_path: Path) -> None:
    """As in a server's process."""
    bundles = [load(run, method, tmp_path / method) for method in METHODS]
    command = [sys.executable, "-c", LOAD, *map(str, bundles)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == METHODS, done.stderr


def test_a_score_outside_the_scale_is_cut_to_it_and_says_so() -> None:
    """The ranks are those of the scores as they were."""
    users = pl.DataFrame(
        {"user": ["u"], "inner_lr": [0.1], "support_rows": [0], "note": ["age is blank"]}
    ).with_columns(
        pl.lit(None, pl.Float64).alias(f"support_loss_{way}") for way in ("adapted", "unadapted")
    )
    items, score = [*"abcde"], torch.tensor([5.25, 5.0, -7.0, 6.5, 1.0], dtype=torch.float64)
    answers = rank_answers(users, [items], items, score, (1, 5), None)
    assert answers["item"].to_list() == ["d", "a", "b", "e", "c"]
    assert answers["score"].to_list() == [5, 5, 5, 1, 1]
    assert answers["rank"].to_list() == [1, 2, 3, 4, 5]
    assert answers["note"].to_list() == [
        "the score 6.5 is cut to the scale; age is blank",
        "the score 5.25 is cut to the scale; age is blank",
        "age is blank",
        "age is blank",
        "the score -7.0 is cut to the scale; age is blank",
    ]
