"""What every generator of sample logs keeps to."""

from pathlib import Path

import pytest

from pipeline_lib.data.sample.write import GENERATORS, write_sample
from pipeline_lib.settings.dataset import Dataset, SampleLogs
from pipeline_lib.settings.load import read_dataset


def written(dataset: Dataset, folder: Path, seed: int) -> dict[str, bytes]:
    files = {role: folder / table.file for role, table in dataset.tables().items()}
    assert dataset.sample
    sample = {"generator": dataset.sample.generator, "users": 60, "items": 40, "seed": seed}
    write_sample(files, SampleLogs.model_validate(sample))
    return {role: path.read_bytes() for role, path in files.items()}


@pytest.mark.parametrize("name", GENERATORS)
def test_same_settings_give_same_bytes_and_another_seed_others(
    name: str, config: Path, tmp_path: Path
) -> None:
    dataset = read_dataset(config / "datasets", name)
    first, again, other = (
        written(dataset, tmp_path / folder, seed) for folder, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == again
    assert all(first[role] != other[role] for role in first)
