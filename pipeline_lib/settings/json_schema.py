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
    return {
        "run": Run.model_json_schema(),
        "dataset": _dataset_schema(),
        "method": _method_schema(),
    }


def _dataset_schema() -> dict[str, Any]:
    complete = Dataset.model_json_schema()
    known = complete.pop("$defs")
    parts = {
        name: {"description": part["description"]} if _requires_keys(part, known) else part
        for name, part in complete["properties"].items()
    }
    return _or_variant("Dataset", complete, known, parts)


def _method_schema() -> dict[str, Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(reduce(or_, map(settings_class, known_kinds())))
    complete = adapter.json_schema()
    known = complete.pop("$defs")
    parts: dict[str, list[Any]] = {}
    for part in complete["anyOf"]:
        model = known[part["$ref"].rpartition("/")[2]]
        for name, own in model["properties"].items():
            forms = parts.setdefault(name, [])
            forms += [own] if own not in forms else []
    either = {n: {"anyOf": forms} if forms[1:] else forms[0] for n, forms in parts.items()}
    return _or_variant("Method", complete, known, either)


def _or_variant(
    title: str, complete: dict[str, Any], known: dict[str, Any], parts: dict[str, Any]
) -> dict[str, Any]:
    """Return the schema of a complete file, or of one that extends another by what differs."""
    base = {
        "type": "string",
        "description": f"The {title.lower()} whose settings hold but for these.",
    }
    variant = {
        "type": "object",
        "properties": {"extends": base, **parts},
        "additionalProperties": False,
    }
    return {
        "$defs": {**known, title: complete, "Variant": variant},
        "title": title,
        "if": {"required": ["extends"]},
        "then": {"$ref": "#/$defs/Variant"},
        "else": {"$ref": f"#/$defs/{title}"},
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
