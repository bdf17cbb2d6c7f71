"""docs/paper.md names files and settings that exist, and shows the YAMLs' values."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from pipeline_lib.settings.json_schema import json_schemas

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/paper.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"`([^`\s]+)`", TEXT)
COLUMNS = {"AT-PAML": "at-paml", "REG-PAML": "reg-paml", "PAML": "paml"}
ROW = re.compile(r"^\| `(\w+)` \|(.*)\|$", re.MULTILINE)


def keys(schema: object) -> set[str]:
    """Every key that some settings file may have."""
    if isinstance(schema, dict):
        own = set(schema.get("properties", {}))
        return own.union(*map(keys, schema.values()))
    return set().union(*map(keys, schema)) if isinstance(schema, list) else set()


def read(path: str) -> Any:  # noqa: ANN401 - whatever it holds
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_every_file_that_is_named_exists() -> None:
    named = [name for name in QUOTED if "/" in name and "<" not in name]
    assert len(named) > 30
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_setting_that_is_named_exists() -> None:
    known = keys(json_schemas())
    named = [name.rstrip(":") for name in QUOTED if re.fullmatch(r"\w+:?", name)]
    named += re.findall(r"`(\w+): ", TEXT)
    values = {"second", "first", "exact", "levels", "value", "raw", "all", "replace", "append"}
    assert len(named) > 25
    assert set(named) - values - known == set()


def test_table_7_shows_the_settings_as_they_are() -> None:
    paper, methods = read("config/paper.yaml"), {}
    for label, name in COLUMNS.items():
        changed = {k: v for k, v in paper["override"].get(name, {}).items() if k != "index"}
        methods[label] = paper["network"] | read(f"config/methods/{name}.yaml") | changed
    section = TEXT.split("## Table 7")[1].split("\n## ")[0]
    rows = ROW.findall(section)
    assert len(rows) == 12
    for key, cells in rows:
        _, *ours = (cell.strip() for cell in cells.split("|"))
        expected = [
            json.dumps(own[key]).strip("[]") if key in own else "" for own in methods.values()
        ]
        assert [text.replace("e-0", "e-") for text in expected] == ours, key


def test_every_error_that_is_named_was_printed_or_measured() -> None:
    """Those of the paper are in its results, ours on the page that a rule writes."""
    sources = ("workflow/resources/paper_results.yaml", "docs/results.md")
    known = "".join((ROOT / path).read_text(encoding="utf-8") for path in sources)
    named = set(re.findall(r"\b\d\.\d{3}\b", TEXT))
    assert len(named) >= 7
    assert {number for number in named if number not in known} == set()
