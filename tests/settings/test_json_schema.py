"""The schemas for editors say what the settings models say, and the YAML files fit them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.json_schema import json_schemas as make_schemas
from pipeline_lib.settings.json_schema import write_json_schemas
from pipeline_lib.settings.load import read_dataset
from pipeline_lib.settings.methods.base import known_kinds, settings_class
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.readme import readme
from pipeline_lib.settings.run import Run
from tests.settings.shop import SHOP, shop

json_schemas = cache(make_schemas)
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


def test_the_readme_has_every_key_of_every_file() -> None:
    text = (CONFIG / "README.md").read_text(encoding="utf-8")
    assert text == readme(json_schemas()), "run `make schemas`"
    keys = {name for model in (Run, Dataset, Network) for name in model.model_fields}
    keys |= {name for kind in known_kinds() for name in settings_class(kind).model_fields}
    assert [key for key in keys if f"| `{key}` |" not in text] == []


def test_every_settings_file_names_its_schema_and_fits_it() -> None:
    schemas = json_schemas()
    for path in FILES:
        schema = schemas[KIND_BY_FOLDER[path.parent.name]]
        assert schema_named_in(path) == schema, path
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        errors = Draft202012Validator(schema).iter_errors(content)
        assert [e.message for e in errors] == [], path


def test_an_unknown_key_breaks_the_schema() -> None:
    content = yaml.safe_load((CONFIG / "config.yaml").read_text(encoding="utf-8"))
    validator = Draft202012Validator(json_schemas()["run"])
    assert not validator.is_valid(content | {"epochz": 3})


@pytest.fixture(scope="module")
def dataset() -> Draft202012Validator:
    return Draft202012Validator(json_schemas()["dataset"])


def test_the_short_forms_fit(dataset: Draft202012Validator) -> None:
    assert dataset.is_valid(yaml.safe_load(SHOP))
    longer = SHOP.replace("country: categorical", "country: {kind: categorical, values: [1, a]}")
    assert dataset.is_valid(yaml.safe_load(longer))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title:", "titel:"),
        ("gender: categorical", "gender: multi-valued"),
        ("gender: categorical", "gender: bucketed"),
        ("edges: [25, 40, 60]", "edges: 25"),
        ("  user: customer\nitems", "  usr: customer\nitems"),
    ],
)
def test_a_mistake_in_a_whole_dataset_breaks_the_schema(
    dataset: Draft202012Validator, old: str, new: str
) -> None:
    assert not dataset.is_valid(yaml.safe_load(shop(old, new)))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("{extends: shop}", True),
        ("{extends: shop, users: {user: id}, partition: {min_interactions: 3}}", True),
        ("{extends: shop, partition: {min_interaction: 3}}", False),
        ("{extends: shop, titel: Mine}", False),
        ("{extends: [shop]}", False),
        ("{title: Mine}", False),
    ],
)
def test_a_dataset_that_extends_another_need_not_be_whole(
    dataset: Draft202012Validator, text: str, fits: bool
) -> None:
    assert dataset.is_valid(yaml.safe_load(text)) is fits


@pytest.mark.parametrize("path", sorted((CONFIG / "datasets").glob("*.yaml")), ids=lambda p: p.stem)
def test_a_dump_of_a_dataset_fits(dataset: Draft202012Validator, path: Path) -> None:
    dump = read_dataset(path.parent, path.stem).model_dump(mode="json")
    assert [e.message for e in dataset.iter_errors(dump)] == []
