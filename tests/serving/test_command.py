"""The command line: answers to a CSV, and errors with file, line and column."""

import shutil
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.serving.command import add_parser
from tests.serving.small_bundle import cold_users, due
from tests.workflow.small_project import SmallProject

USERS = "user,gender,age,occupation,zip\nann,F,18,4,12345\nbob,M,25,7,54321\n"
SUPPORT = "user,item,target\nann,1,5\nann,2,3.5\n"
Recommend = Callable[..., tuple[int, str, str]]


@pytest.fixture
def recommend(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Recommend:
    """Run the command in this process; returns its status, output and errors."""
    monkeypatch.chdir(folder)
    parser = ArgumentParser()
    add_parser(parser.add_subparsers())

    def run(model: Path, *options: str) -> tuple[int, str, str]:
        arguments = parser.parse_args(["recommend", "--model", str(model), *options])
        status = arguments.func(arguments)
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "users.csv").write_text(USERS)
    (tmp_path / "support.csv").write_text(SUPPORT)
    (tmp_path / "candidates.csv").write_text("item\n3\n4\n7\n")
    return tmp_path


OPTIONS = ("--users", "users.csv", "--support", "support.csv", "--candidates", "candidates.csv")


def test_a_csv_of_users_is_answered_with_a_csv(
    folder: Path, bundle: Path, recommend: Recommend
) -> None:
    status, output, error = recommend(bundle, *OPTIONS, "--top", "2")
    assert status == 0, error
    answers = pl.read_csv(output.encode())
    assert answers["user"].to_list() == ["ann"] * 2 + ["bob"] * 2
    assert answers["support_rows"].to_list() == [2, 2, 0, 0]
    assert recommend(bundle, *OPTIONS, "--top", "2", "--output", "out.csv")[:2] == (0, "")
    assert (folder / "out.csv").read_text() == output


@pytest.mark.slow
def test_a_process_of_its_own_answers_alike(
    folder: Path, bundle: Path, recommend: Recommend
) -> None:
    command = [sys.executable, "-m", "pipeline_lib", "recommend", "--model", str(bundle), *OPTIONS]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == recommend(bundle, *OPTIONS)[1]


def test_mlflows_model_can_be_asked(folder: Path, bundle: Path, recommend: Recommend) -> None:
    """What MLflow writes has the bundle in a folder of its own."""
    shutil.copytree(bundle, folder / "model/data/bundle")
    status, output, error = recommend(folder / "model", "--users", "users.csv", "--top", "1")
    assert status == 0, error
    assert pl.read_csv(output.encode()).height == 2


def test_candidates_may_differ_by_user(
    run: SmallProject, bundle: Path, folder: Path, recommend: Recommend
) -> None:
    """And scores that went through a CSV are still the workflow's."""
    users = cold_users(run)
    frames = {
        "users": pl.DataFrame([{"user": u.user, **u.profile} for u in users]),
        "support": pl.DataFrame(
            [(u.user, *row) for u in users for row in u.support],
            schema=["user", "item", "target"],
            orient="row",
        ),
        "candidates": pl.DataFrame(
            [(u.user, item) for u in users for item in u.candidates or ()],
            schema=["user", "item"],
            orient="row",
        ),
    }
    options = []
    for name, frame in frames.items():
        frame.write_csv(folder / f"{name}.csv")
        options += [f"--{name}", f"{name}.csv"]
    status, output, error = recommend(bundle, *options)
    assert status == 0, error
    text = {"user": pl.String, "item": pl.String}
    answers = pl.read_csv(output.encode(), schema_overrides=text)
    expected = due(run, "paml/seed-0").sort("user", "item")
    assert answers.select(expected.columns).sort("user", "item").equals(expected)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("users.csv", "name\nann\n", "users.csv has no column 'user'; its header is name"),
        ("users.csv", "user,sex\nann,F\n", "'sex', which is no column"),
        ("users.csv", "user\n", ""),
        ("support.csv", "user,item,target\nann,1,\n", "line 2, column target is blank"),
        ("support.csv", "user,item,target\nann,1,5\nann,2,good\n", "line 3, column target: 'good'"),
        ("support.csv", "user,item,target\neve,1,5\n", "line 2: user 'eve' is not in the users'"),
        ("support.csv", "user,item,target\nann,1,6\n", "user 'ann' has 6 for item '1'"),
        ("candidates.csv", "user,item\nann,3\n,4\n", "line 3, column user is blank"),
        ("candidates.csv", "user,item\neve,3\n", "line 2: user 'eve' is not in the users'"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(
    folder: Path, bundle: Path, recommend: Recommend, file: str, content: str, message: str
) -> None:
    (folder / file).write_text(content)
    status, _, error = recommend(bundle, *OPTIONS)
    assert status == 2
    assert message in error


def test_a_folder_that_is_no_model_is_refused(folder: Path, recommend: Recommend) -> None:
    status, _, error = recommend(folder, "--users", "users.csv")
    assert status == 2
    assert "manifest.json cannot be read" in error
