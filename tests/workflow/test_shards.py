"""In shards, cleaning and encoding write the bytes that one job of each writes."""

from pathlib import Path

import pytest

from tests.workflow.small_project import SmallProject, copy_project

DATASETS = ["movielens", "bookcrossing", "taobao"]
PARTS = ("clean", "split", "episodes")
FILES = ("train", "validation", "test", "items")
JOBS = ("clean_shard", "encode_shard")


def made(folder: Path, shards: int, *targets: str) -> SmallProject:
    """Clean, split and encode all three logs."""
    project = copy_project(folder)
    project.edit("config/config.yaml", datasets=DATASETS, shards=shards)
    done = project.snakemake(*targets)
    assert done.returncode == 0, done.stderr[-3000:]
    for job in JOBS:
        finished = done.stderr.count(f"(Rule: {job})") + done.stdout.count(f"(Rule: {job})")
        assert finished == (3 * shards if shards > 1 else 0)
    return project


def contents(project: SmallProject) -> dict[str, bytes]:
    root = project.folder / "results/sample"
    files = [f for d in DATASETS for part in PARTS for f in (root / d / part).rglob("*")]
    return {str(f.relative_to(root)): f.read_bytes() for f in files if f.is_file()}


@pytest.mark.slow
def test_every_file_of_three_logs_has_the_same_bytes(tmp_path: Path) -> None:
    targets = [f"results/sample/{d}/episodes/{f}.safetensors" for d in DATASETS for f in FILES]
    whole = contents(made(tmp_path / "whole", 1, *targets))
    assert len(whole) == 3 * 18
    assert contents(made(tmp_path / "shards", 3, *targets)) == whole
