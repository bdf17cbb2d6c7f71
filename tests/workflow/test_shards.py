"""In shards, cleaning and encoding write the bytes that one job of each writes."""

import pytest

from tests.workflow.small_project import SmallProject

DATASETS = ["movielens", "taobao"]  # with a file of items and with events
PARTS = ("clean", "split", "episodes")
FILES = ("train", "validation", "test", "items")
JOBS = ("clean_shard", "encode_shard")


def make(project: SmallProject, shards: int) -> SmallProject:
    """Clean, split and encode both logs."""
    targets = [f"results/sample/{d}/episodes/{f}.safetensors" for d in DATASETS for f in FILES]
    project.edit("config/config.yaml", datasets=DATASETS, shards=shards)
    done = project.snakemake(*targets)
    assert done.returncode == 0, done.stderr[-3000:]
    for job in JOBS:
        finished = done.stderr.count(f"(Rule: {job})") + done.stdout.count(f"(Rule: {job})")
        assert finished == (2 * shards if shards > 1 else 0)
    return project


def contents(project: SmallProject) -> dict[str, bytes]:
    root = project.folder / "results/sample"
    files = [f for d in DATASETS for part in PARTS for f in (root / d / part).rglob("*")]
    return {str(f.relative_to(root)): f.read_bytes() for f in files if f.is_file()}


@pytest.mark.slow
def test_every_file_of_two_logs_has_the_same_bytes(
    encoded: SmallProject, project: SmallProject
) -> None:
    whole = contents(make(encoded, 1))
    assert len(whole) == 2 * 18
    assert contents(make(project, 2)) == whole
