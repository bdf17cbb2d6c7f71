"""A tiny log without a flaw, in three CSV files, and its cleaning with changes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline_lib.data.clean.report import FileCount
from pipeline_lib.settings.log import LogSettings
from tests.conftest import Cleaned, clean_folder

SHOP: dict[str, Any] = {
    "task": {"kind": "rating", "scale": [1, 5]},
    "users": {"file": "users.csv", "blank": ["?"]},
    "items": {"file": "items.csv"},
    "interactions": {"file": "ratings.csv"},
    "user_features": {
        "sex": {"kind": "categorical", "values": ["F", "M"]},
        "age": {"kind": "bucketed", "edges": [30], "missing": "unknown"},
    },
    "item_features": {
        "year": {"kind": "categorical", "pattern": r"^\d{4}$", "meaning": "a year"},
        "tags": {"kind": "multi-valued", "separator": "|"},
        "price": "numeric",
    },
}
FILES = {
    "users.csv": ["user,sex,age", "1,F,20", "2,M,40"],
    "items.csv": ["item,year,tags,price", "a,1999,x|y,1.5", "b,2000,y,2"],
    "ratings.csv": ["user,item,target", "1,a,3", "1,b,4.5", "2,a,1"],
}


def clean_shop(
    folder: Path, files: Mapping[str, Sequence[str]] | None = None, **settings: object
) -> Cleaned:
    """Clean the shop's log in a folder, with other files' lines and other settings."""
    for name, lines in {**FILES, **(files or {})}.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    log = LogSettings.model_validate({**SHOP, **settings})
    return clean_folder(folder, log, folder / "clean")


def more(file: str, *lines: str) -> dict[str, list[str]]:
    """Add lines to a file of the shop."""
    return {file: [*FILES[file], *lines]}


def count(logs: Cleaned, file: str) -> FileCount:
    """Find a file's count in the report."""
    (found,) = (one for one in logs.report.files if one.file == file)
    return found
