"""Methods of one's own: found in the folder that is named, and in no other way."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline_lib.methods.base import Problem, build_method
from pipeline_lib.models.preference import InputSizes
from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import Settings, load_settings
from pipeline_lib.settings.methods.base import kind_modules, known_kinds, parse_method
from pipeline_lib.settings.own_methods import VARIABLE
from pipeline_lib.settings.task import RatingTask
from tests.settings.own_method import CODE, write_method
from tests.settings.run import RUN

PROBLEM = Problem(InputSizes(1, 2, 1, 2), 3, RatingTask(scale=(1, 5)), None)


@pytest.fixture(autouse=True)
def _no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget at the end which folder was named."""
    monkeypatch.setenv(VARIABLE, "")


def load(config: Path, folder: Path, **changes: Any) -> Settings:  # noqa: ANN401
    run = {**RUN, "methods": ["melu", "constant"], "method_dir": str(folder), **changes}
    return load_settings(run, config)


def test_a_method_is_read_checked_and_built(config: Path, tmp_path: Path) -> None:
    loaded = load(config, write_method(tmp_path / "mine"), override={"constant": {"score": 2}})
    own = loaded.methods["constant"]
    assert own.for_training() == {"kind": "constant", "score": 2.0}
    assert loaded.seeds("constant") == (3,)
    assert kind_modules("constant") == ["own_methods.constant"]
    assert build_method(own, PROBLEM, 0).state_dict()["score"] == 2
    with pytest.raises(SettingsError, match="unknown key 'scor'; did you mean 'score'"):
        load(config, tmp_path / "mine", override={"constant": {"scor": 2}})


def test_without_the_folder_its_kind_is_unknown(config: Path, tmp_path: Path) -> None:
    load(config, write_method(tmp_path / "mine"))
    assert "constant" in known_kinds()
    os.environ[VARIABLE] = ""
    with pytest.raises(SettingsError, match="unknown kind 'constant'"):
        parse_method({"kind": "constant", "score": 3})


# Settings alone, so that a process that only reads them loads no torch.
LIGHT = """
from typing import Literal

from pipeline_lib.settings.methods.base import MethodSettings


class ConstantSettings(MethodSettings):
    kind: Literal["constant"]
    score: float


METHODS = {"constant": object}
"""


def test_processes_that_are_started_find_it(config: Path, tmp_path: Path) -> None:
    load(config, write_method(tmp_path / "mine", LIGHT))
    code = (
        "from pipeline_lib.settings.methods.base import known_kinds as k; print('constant' in k())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_another_folder_takes_the_place_of_the_first(config: Path, tmp_path: Path) -> None:
    load(config, write_method(tmp_path / "first"))
    second = write_method(tmp_path / "second", CODE.replace("score: float", "score: int"))
    own = load(config, second).methods["constant"]
    assert own.for_training() == {"kind": "constant", "score": 3}
    assert type(own.for_training()["score"]) is int


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"""A constant', 'import nothing_such\n"""A', "constant.py: cannot be imported: Module"),
        ("METHODS = ", "OTHERS = ", "METHODS has no class of the kind 'constant'; write for"),
        ('["constant"]', '["melu"]', "the kind 'melu' is delivered; name yours otherwise"),
    ],
)
def test_a_module_that_is_wrong_is_named(
    config: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    folder = write_method(tmp_path / "mine", CODE.replace(old, new))
    with pytest.raises(SettingsError) as caught:
        load(config, folder)
    assert str(caught.value).startswith(str(folder / "constant.py"))
    assert message in str(caught.value)


def test_a_folder_that_there_is_not_is_refused(config: Path) -> None:
    with pytest.raises(SettingsError, match="method_dir: /no/such is no folder; correct it"):
        load(config, Path("/no/such"))


def test_the_environment_may_name_no_other_thing_than_a_folder() -> None:
    os.environ[VARIABLE] = "/no/such"
    with pytest.raises(SettingsError, match="PIPELINE_METHOD_DIR: /no/such is no folder"):
        known_kinds()


def test_a_name_is_in_one_folder_alone(config: Path, tmp_path: Path) -> None:
    folder = write_method(tmp_path / "mine")
    (folder / "melu.yaml").write_text("extends: constant\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"the method 'melu' is in .* and .*; rename one"):
        load(config, folder)
