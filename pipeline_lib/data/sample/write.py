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


def write_sample(files: Mapping[str, Path], sample: SampleLogs) -> None:
    """Write the generator's files, by role as `LogSettings.tables` lists them.

    The same settings give the same bytes, and no file is ever seen half written.
    """
    GENERATORS[sample.generator](files, sample)
