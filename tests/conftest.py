"""What the tests share: the settings as delivered, and a tiny raw log without a flaw."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import settings

from pipeline_lib.data.clean import CleanLogs, clean
from pipeline_lib.data.movielens import read_movielens
from pipeline_lib.settings.dataset import Dataset

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

USERS = (
    "1::F::1::10::48067",
    "2::M::56::16::70072-1234",
    "3::M::25::15::55117",
    "4::F::18::0::02139",
)
MOVIES = (
    "1::Café (1995)::Drama|Comedy",
    "2::Night, The (Notte, La) (1961)::Drama",
    "3::Untold::Action",
    "4::Twelve (2000)::Comedy|Comedy",
)
RATINGS = (
    "1::2::3::978300760",
    "1::1::5::978302109",
    "2::1::4::978301968",
    "2::3::1::0",
    "3::2::2::978300275",
)
DETAILS = (
    "1::Café::1995::PG::01 Jan 1995::Drama, Comedy::Ana Ruiz (co-director), Bo Li"
    "::Ana Ruiz (novel)::Zoë Day (voice), N/A, Zoë Day, Al Poe::A plot, with commas.::N/A",
    "2::La Notte::1961::N/A::24 Jan 1961::Drama::N/A::N/A::Al Poe::N/A::N/A",
    "4::Twelve::2000::PG-13::N/A::Comedy::Bo Li::Bo Li::N/A::N/A::N/A",
)


@pytest.fixture(scope="session")
def config() -> Path:
    """The folder of the settings as delivered."""
    return Path(__file__).parents[1] / "config"


@pytest.fixture(scope="session")
def movielens(config: Path) -> Dataset:
    return Dataset.model_validate(yaml.safe_load((config / "datasets/movielens.yaml").read_text()))


@pytest.fixture
def raw_lines() -> dict[str, list[str]]:
    """The lines of each raw file; users, movies and details 4 have no rating."""
    return {
        "users.dat": [*USERS],
        "movies.dat": [*MOVIES],
        "ratings.dat": [*RATINGS],
        "movies_extrainfos.dat": [*DETAILS],
    }


@pytest.fixture(scope="session")
def clean_lines(
    movielens: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Mapping[str, Sequence[str]]], CleanLogs]:
    """Write raw files, read them and clean what they hold."""
    folder = tmp_path_factory.mktemp("raw")

    def write_and_clean(lines: Mapping[str, Sequence[str]]) -> CleanLogs:
        for name, content in lines.items():
            encoding = "utf-8" if name == "movies_extrainfos.dat" else "latin-1"
            (folder / name).write_bytes("".join(f"{line}\n" for line in content).encode(encoding))
        tables = {**movielens.files, **movielens.optional_files}
        files = {table: folder / name for table, name in tables.items() if name in lines}
        return clean(read_movielens(files), movielens)

    return write_and_clean
