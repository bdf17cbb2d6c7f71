"""JSON schemas, with which editors check and complete the files of config/."""

import json
import re
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.methods.base import known_kinds, settings_class
from pipeline_lib.settings.readme import readme
from pipeline_lib.settings.run import Run
from pipeline_lib.storage.tables import write_text


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return the schema of each kind of file, by its name."""
    method: TypeAdapter[Any] = TypeAdapter(reduce(or_, map(settings_class, known_kinds())))
    return {
        "run": Run.model_json_schema(),
        "dataset": _dataset_schema(),
        "method": method.json_schema(),
    }


def _dataset_schema() -> dict[str, Any]:
    """Return the schema of a complete dataset, or of one that extends another by what differs."""
    complete = Dataset.model_json_schema()
    known = complete.pop("$defs")
    parts = {
        name: {"description": part["description"]} if _requires_keys(part, known) else part
        for name, part in complete["properties"].items()
    }
    base = {"type": "string", "description": "The dataset whose settings hold but for these."}
    variant = {
        "type": "object",
        "properties": {"extends": base, **parts},
        "additionalProperties": False,
    }
    return {
        "$defs": {**known, "Dataset": complete, "Variant": variant},
        "title": "Dataset",
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/$defs/Variant"},
        "else": {"$ref": "#/$defs/Dataset"},
    }


def _requires_keys(part: dict[str, Any], known: dict[str, Any]) -> bool:
    """Return whether some key is required anywhere in a part of a schema."""
    text = json.dumps(part)
    named = re.findall(r'"#/\$defs/(\w+)"', text)
    return '"required"' in text or any(_requires_keys(known[name], known) for name in named)


def write_json_schemas(folder: Path) -> None:
    """Write every schema to `<folder>/<name>.json`."""
    for name, schema in json_schemas().items():
        write_text(json.dumps(schema, indent=2) + "\n", folder / f"{name}.json")


if __name__ == "__main__":
    write_json_schemas(Path("config/schemas"))
    write_text(readme(json_schemas()), Path("config/README.md"))
