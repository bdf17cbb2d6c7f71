"""No password of a store is printed or stored."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_lib.__main__ import _main
from pipeline_lib.tracking.secrets import mask, mask_output, without_secrets
from pipeline_lib.tracking.watch import sent_path
from tests.tracking.runs import train
from tests.training.attempts import make_start
from tests.workflow.small_project import ROOT

SECRET = "s3cret-Pa55"  # noqa: S105
NOWHERE = f"http://ann:{SECRET}@127.0.0.1:9"  # nobody listens there


def run_with(uri: str, folder: Path, *command: str) -> str:
    """Run a command whose store is at a URI; return all that it prints."""
    done = subprocess.run(
        [*command],
        cwd=folder,
        env=os.environ | {"MLFLOW_TRACKING_URI": uri, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def assert_nothing_holds(secret: str, folder: Path) -> None:
    """Look into every file and its name."""
    assert secret not in "".join(str(path) for path in folder.rglob("*"))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert [path for path in files if secret.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("uri", "secrets"),
    [
        (NOWHERE, [SECRET]),
        ("http://ann:p%40ss-w@host/mlflow", ["p%40ss-w", "p@ss-w"]),
        ("http://ann:a/b@c:d@host", ["a/b@c:d"]),
        ("postgresql+psycopg2://ann:hush@host/db", ["hush"]),
        ("postgresql://host/db?user=ann&password=hush-2", ["hush-2"]),
        ("postgre://:hush@host/db", ["hush"]),
    ],
)
def test_every_form_of_a_password_is_masked(
    uri: str, secrets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    text = f"cannot reach {uri}/api ({secrets}): hushed, user ann"
    for secret in secrets:
        assert f"{secret}'" not in mask(text)
        assert f"{secret}@" not in mask(text)
        assert f"={secret}" not in mask(text)
    assert mask(text).endswith("hushed, user ann")
    assert "***" in mask(text)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert "hush@" not in mask("of another: mysql://bob:hush@host")


def test_what_holds_no_password_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    text = "http://127.0.0.1:5000/#/experiments: ann@host, a::b, 12:30 @ noon"
    assert mask(text) == text
    assert without_secrets("http://ann:p@ss@host:5000/x") == "http://host:5000/x"
    assert without_secrets("sqlite:////tmp/mlflow.db") == "sqlite:////tmp/mlflow.db"


def test_another_password_is_the_same_store(monkeypatch: pytest.MonkeyPatch) -> None:
    names = set()
    for uri in (NOWHERE, "http://bob:other@127.0.0.1:9", "http://127.0.0.1:9"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        names.add(sent_path())
    assert len(names) == 1


def test_what_is_printed_is_masked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", SECRET)
    monkeypatch.setattr(sys, "stdout", sys.stdout)  # put back afterwards
    monkeypatch.setattr(sys, "stderr", sys.stderr)
    mask_output()
    print("a", SECRET, NOWHERE)
    print(SECRET, file=sys.stderr, flush=True)
    assert capsys.readouterr() == ("a *** http://ann:***@127.0.0.1:9\n", "***\n")


@pytest.mark.slow
def test_a_store_that_fails_is_named_without_its_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command and in the sender's log; a scheme that MLflow does not know fails at once."""
    train(make_start())
    uri = f"nonsense://ann:{SECRET}@127.0.0.1:9"
    logged = run_with(uri, Path(), sys.executable, "-m", "pipeline_lib.tracking.sender")
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))  # put back afterwards
    monkeypatch.setattr(sys, "argv", ["", "sync-tracking"])
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert _main() != 0
    for text in (logged, capsys.readouterr().err):
        assert "nonsense://ann:***@127.0.0.1:9" in text
        assert SECRET not in text
    assert_nothing_holds(SECRET, folder)
