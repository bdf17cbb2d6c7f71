"""Every generator is found by its name and takes its own roles or those of a dataset's tables."""

from pathlib import Path

import pytest

from pipeline_lib.data.sample.write import write_sample
from pipeline_lib.settings.dataset import SampleLogs

# The generator's role of each of the dataset's tables.
ROLES = {
    "movielens": {"items_1": "catalogue", "items_2": "item_details"},
    "bookcrossing": {"items_1": "items"},
    "taobao": {"items_1": "items", "events": "behaviours"},
}


@pytest.mark.parametrize("generator", ROLES)
def test_files_are_named_by_either_role(generator: str, tmp_path: Path) -> None:
    settings = {"generator": generator, "users": 40, "items": 40, "seed": 7}
    roles = {"users": "users", "interactions": "interactions"} | ROLES[generator]
    for folder, names in (("table", roles.keys()), ("own", roles.values())):
        files = {name: tmp_path / folder / name for name in names}
        write_sample(generator, files, SampleLogs.model_validate(settings))
    for table, own in roles.items():
        written = (tmp_path / "table" / table).read_bytes()
        assert len(written) > 100
        assert (tmp_path / "own" / own).read_bytes() == written
