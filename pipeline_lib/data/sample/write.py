"""Write the sample logs of any generator."""

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline_lib.data.sample.bookcrossing import write_sample_bookcrossing
from pipeline_lib.data.sample.movielens import write_sample_movielens
from pipeline_lib.data.sample.taobao import write_sample_taobao
from pipeline_lib.settings.dataset import SampleLogs

GENERATORS: dict[str, Callable[[Mapping[str, Path], SampleLogs], None]] = {
    "movielens": write_sample_movielens,
    "bookcrossing": write_sample_bookcrossing,
    "taobao": write_sample_taobao,
}
# What a generator calls the roles that `LogSettings.tables` lists.
ROLES = {
    "movielens": {"items_1": "catalogue", "items_2": "item_details"},
    "bookcrossing": {"items_1": "items"},
    "taobao": {"items_1": "items", "events": "behaviours"},
}


def write_sample(generator: str, files: Mapping[str, Path], sample: SampleLogs) -> None:
    """Write a generator's files, by their roles in the generator or in a dataset's settings.

    The same settings give the same bytes.
    """
    roles = ROLES[generator]
    GENERATORS[generator]({roles.get(role, role): path for role, path in files.items()}, sample)
