"""Which versions are behind results, and what is said when others made them."""

import json
from pathlib import Path

import pytest

from pipeline_lib.jobs import environment as provenance


def write_record(folder: Path, name: str, **environment: str) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"environment": provenance.environment() | environment}))
    return path


def test_says_how_many_trainings_other_versions_made(tmp_path: Path) -> None:
    now = provenance.environment()
    records = [
        write_record(tmp_path, "a", torch="2.0.1", polars="1.9"),
        write_record(tmp_path, "b", torch="2.0.1"),
        write_record(tmp_path, "c"),
        tmp_path / "missing.json",
    ]
    assert provenance.other_versions(records).startswith(
        f"Of 3 finished trainings, 2 used torch 2.0.1 (now {now['torch']}), "
        f"1 used polars 1.9 (now {now['polars']}). "
    )


@pytest.mark.parametrize("content", ['{"environment": {', "{}", "null", "\0"])
def test_says_nothing_of_what_makes_no_number_or_cannot_be_read(
    tmp_path: Path, content: str
) -> None:
    damaged = tmp_path / "damaged.json"
    damaged.write_text(content)
    other = {"mlflow": "1.0", "snakemake": "8.0", "revision": "abc", "gone": "1"}
    assert provenance.other_versions([damaged, write_record(tmp_path, "a", **other)]) == ""


def test_the_environment_names_the_versions_behind_a_result() -> None:
    assert provenance.environment()["torch"].startswith("2.")
