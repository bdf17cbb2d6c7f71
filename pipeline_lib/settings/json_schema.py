"""The JSON schemas by which editors check and complete the files of config/."""

import json
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.methods.parse import known_kinds, settings_class
from pipeline_lib.settings.run import Run
from pipeline_lib.storage import write_text


def json_schemas() -> dict[str, dict[str, Any]]:
    """Make the schema of each kind of file, by its name."""
    method: TypeAdapter[Any] = TypeAdapter(reduce(or_, map(settings_class, known_kinds())))
    return {
        "run": Run.model_json_schema(),
        "dataset": Dataset.model_json_schema(),
        "method": method.json_schema(),
    }


def write_json_schemas(folder: Path) -> None:
    """Write every schema to `<folder>/<name>.json`."""
    for name, schema in json_schemas().items():
        write_text(json.dumps(schema, indent=2) + "\n", folder / f"{name}.json")


if __name__ == "__main__":
    write_json_schemas(Path("config/schemas"))
