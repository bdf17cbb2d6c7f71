"""A run on real logs needs their files; which are missing is said before any job."""

from pathlib import Path
from typing import Any

import pytest

from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import load_settings
from tests.settings.shop import write_shop

RUN: dict[str, Any] = {
    "name": "test",
    "logs": "real",
    "methods": ["global-mean"],
    "seeds": [0],
    "split_seed": 0,
    "network": {"embedding_size": 8, "embedding_std": 0.3, "hidden": [32]},
}


def refusal(folder: Path, **changes: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings({**RUN, **changes}, folder)
    return str(caught.value)


@pytest.fixture
def folder(tmp_path: Path, config: Path) -> Path:
    """Settings that know the shop alone."""
    write_shop(tmp_path / "datasets")
    (tmp_path / "methods").symlink_to(config / "methods")
    return tmp_path


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Empty raw files of the shop."""
    (tmp_path / "raw/shop").mkdir(parents=True)
    for name in ("customers.tsv", "products.csv", "orders.txt"):
        (tmp_path / "raw/shop" / name).touch()
    return tmp_path / "raw"


def test_a_missing_file_of_a_published_log_is_named_with_the_remedy(
    config: Path, tmp_path: Path
) -> None:
    (tmp_path / "ml-1m").mkdir()
    (tmp_path / "ml-1m/users.dat").touch()
    assert refusal(config, datasets=["movielens"], raw_dir=str(tmp_path)) == (
        f"run config: raw_dir: {tmp_path}/ml-1m/movies.dat does not exist; put the unpacked "
        "MovieLens-1M there, or leave raw_dir out to download it"
    )


def test_raw_files_that_are_there_are_enough(
    config: Path, movielens: Dataset, tmp_path: Path
) -> None:
    (tmp_path / "ml-1m").mkdir()
    for table in movielens.tables().values():
        if table.presence == "required":
            (tmp_path / "ml-1m" / table.file).touch()
    run = {**RUN, "datasets": ["movielens"], "raw_dir": str(tmp_path)}
    assert load_settings(run, config).run.raw_dir == str(tmp_path)


def test_a_missing_file_of_ones_own_log_is_named(folder: Path, raw: Path) -> None:
    (raw / "shop/orders.txt").unlink()
    assert refusal(folder, datasets=["shop"], raw_dir=str(raw)) == (
        f"run config: raw_dir: {raw}/shop/orders.txt does not exist; put it there, or correct "
        "raw_dir, `folder` or `file` of My shop"
    )


def test_ones_own_log_needs_a_raw_dir(folder: Path) -> None:
    assert refusal(folder, datasets=["shop"]) == (
        "run config: raw_dir: missing; My shop cannot be downloaded: put its files into "
        "<raw_dir>/shop/ and set raw_dir"
    )


def test_ones_own_log_has_no_sample(folder: Path) -> None:
    assert refusal(folder, datasets=["shop"], name="sample", logs="sample") == (
        "run config: datasets: shop has no generated sample logs; set logs: real, raw_dir and a "
        "name that does not start with 'sample'"
    )


def test_ones_own_log_that_is_there_loads(folder: Path, raw: Path) -> None:
    settings = load_settings({**RUN, "datasets": ["shop"], "raw_dir": str(raw)}, folder)
    assert settings.datasets["shop"].title == "My shop"
