"""config/README.md: every key of every file of config/, from their JSON schemas."""

import json
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

HEAD = """# The settings

Written by `make schemas` from the settings' own models (`pipeline_lib/settings/`); do not edit it.

| file | what it holds |
| :--- | :--- |
| `config.yaml` | the default run: generated sample logs |
| `paper.yaml`, `readings.yaml`, `rivals.yaml`, `tuned.yaml` | other runs, for `--configfile` |
| `datasets/<name>.yaml` | a dataset; with `extends: <other>` only what differs from the other |
| `methods/<name>.yaml` | a method, named by its file: its hyper-parameters; `extends` as above |

A wrong key, type or name stops the run before any job, and the nearest valid one is named.
`schemas/` lets editors check and complete the same keys. How the settings are used:
[docs/running.md](../docs/running.md), [docs/your-own-logs.md](../docs/your-own-logs.md),
[docs/methods.md](../docs/methods.md).
"""
TITLES = {"run": "A run", "dataset": "A dataset", "method": "A method"}


def readme(schemas: dict[str, Schema]) -> str:
    """Render the tables of all keys.

    schemas: by kind of file, as `pipeline_lib.settings.json_schema.json_schemas` returns them.
    """
    parts = [HEAD, *(text for kind, own in schemas.items() for text in _file(TITLES[kind], own))]
    return "\n".join(parts)


def _file(title: str, schema: Schema) -> Iterator[str]:
    yield f"## {title}\n"
    known = {n: own for n, own in schema["$defs"].items() if n != "Variant"}
    roots = {schema["title"]: schema} if "properties" in schema else {}
    for name, own in {**roots, **known}.items():
        if "properties" in own:
            yield _model(name, own)


def _model(name: str, schema: Schema) -> str:
    required = schema.get("required", [])
    about = " ".join(schema.get("description", "").split())
    rows = [_row(key, own, key in required) for key, own in schema["properties"].items()]
    head = "| key | value | default | meaning |\n| :--- | :--- | :--- | :--- |"
    return "\n".join([f"### {name}\n", about, "", head, *rows, ""])


def _row(key: str, schema: Schema, required: bool) -> str:
    default = "required" if required else f"`{json.dumps(schema.get('default'))}`"
    examples = "".join(f" E.g. `{example}`." for example in schema.get("examples", []))
    about = " ".join(schema.get("description", "").split()) + examples
    cells = (f"`{key}`", _value(schema), default, about.strip())
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _value(schema: Schema) -> str:
    """Name what may be written."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if any_of := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(map(_value, any_of)))
    if schema.get("type") == "array":
        return f"list of {_value(schema.get('items', {}))}"
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        return f"mapping to {_value(inner)}" if isinstance(inner, dict) else "mapping"
    return WORDS.get(schema.get("type", ""), "any value")


WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "null": "nothing",
}
