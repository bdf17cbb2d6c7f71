"""The schemas for editors say what the settings models say, and the YAML files fit them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from pipeline_lib.settings.json_schema import json_schemas, write_json_schemas

CONFIG = Path(__file__).parents[2] / "config"
KIND_BY_FOLDER = {"datasets": "dataset", "methods": "method", "config": "run"}
FILES = sorted(CONFIG.rglob("*.yaml"))


def schema_named_in(path: Path) -> dict[str, Any]:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    named = (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve()
    schema: dict[str, Any] = json.loads(named.read_text(encoding="utf-8"))
    return schema


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    write_json_schemas(folder)
    return folder


def test_the_files_are_what_the_models_make_now(fresh: Path) -> None:
    kept = {p.name: p.read_text(encoding="utf-8") for p in (CONFIG / "schemas").iterdir()}
    made = {p.name: p.read_text(encoding="utf-8") for p in fresh.iterdir()}
    assert kept == made, "run `make schemas`"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(CONFIG)))
def test_every_settings_file_names_its_schema_and_fits_it(path: Path) -> None:
    schema = schema_named_in(path)
    assert schema == json_schemas()[KIND_BY_FOLDER[path.parent.name]]
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [e.message for e in Draft202012Validator(schema).iter_errors(content)] == []


def test_an_unknown_key_breaks_the_schema() -> None:
    content = yaml.safe_load((CONFIG / "config.yaml").read_text(encoding="utf-8"))
    validator = Draft202012Validator(json_schemas()["run"])
    assert not validator.is_valid(content | {"epochz": 3})
