"""What MLflow shows of a training."""

import pwd
from pathlib import Path

import pytest

from pipeline_lib.tracking.describe import attempt_key, own_tags, shared_tags
from tests.training.attempts import SETTINGS, make_start


def test_a_user_without_a_name_can_train(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container that runs under a number of the cluster's choice."""

    def nobody(number: int) -> None:
        raise KeyError(number)

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr("os.getuid", lambda: 1_000_680_000)
    assert own_tags(make_start(), Path("results"))["mlflow.user"] == "1000680000"


def test_a_generation_is_one_of_settings_and_split_and_a_key_one_of_an_attempt() -> None:
    generations, keys = set(), set()
    other = make_start(settings=SETTINGS | {"outer_lr": 1})
    for start in (make_start(), make_start(seed=1), make_start(at=1), other):
        generations.add(shared_tags(start)["generation"])
        keys.add(attempt_key(start))
    assert (len(generations), len(keys)) == (2, 3)
    elsewhere = make_start().model_copy(update={"split_sha256": "beef"})
    assert shared_tags(elsewhere)["generation"] not in generations
