"""What the tests share: the settings as delivered, a tiny raw log without a flaw, and cleaning."""

import gc
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import settings

from pipeline_lib.data.clean.clean import clean
from pipeline_lib.data.clean.report import CleaningReport
from pipeline_lib.data.raw.table import open_table
from pipeline_lib.schemas.clean import REJECTS
from pipeline_lib.schemas.clean import events as events_schema
from pipeline_lib.schemas.clean import interactions as interactions_schema
from pipeline_lib.schemas.clean import items as items_schema
from pipeline_lib.schemas.clean import users as users_schema
from pipeline_lib.schemas.columns import types
from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.settings.tables import Table
from tests.combinations import Combination

# Every job of a workflow loads hypothesis through pandera: without a search for its plugins, in
# 0.3 s and not in 0.8 s.
os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"

# Few examples by default; `pytest --hypothesis-profile thorough` tries more.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=20)
settings.register_profile("thorough", parent=settings.get_profile("quick"), max_examples=100)
settings.load_profile("quick")


def one_in(number: int) -> settings:
    """Try fewer examples of a property: one of so many, since each takes long."""
    return settings(max_examples=settings().max_examples // number)


# What is imported and collected stays to the end: nothing of it is looked through for garbage.
gc.disable()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect garbage again once the tests are collected."""
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


# The files whose tests take longest, and after them what else runs workflows.
LONGEST = (
    *("test_slurm", "test_readme", "test_own_logs", "test_kills", "test_own_method"),
    *("test_commands_run", "test_commands_real", "test_servers", "test_reruns", "test_commands"),
)
RUNS = {"workflow", "cluster", "tracking"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no process is left alone with it at the end."""
    places = {name: place for place, name in enumerate(LONGEST)}
    last = len(places)
    items.sort(key=lambda i: (places.get(i.path.stem, last), RUNS.isdisjoint(i.path.parts)))


@pytest.fixture
def combinations(request: pytest.FixtureRequest) -> list[Combination]:
    """Choose what `each_combination` asks for."""
    chosen: list[Combination] = request.param()
    return chosen


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


@dataclass(frozen=True)
class Records:
    """What a raw file holds: its columns and, by line, the fields (None: misshapen) and texts."""

    columns: tuple[str, ...]
    fields: dict[int, tuple[str | None, ...] | None]
    texts: dict[int, str]


@dataclass(frozen=True)
class Cleaned:
    """The clean tables, read back; they have the columns and types of their schemas.

    Their values are checked when they are written, which tests/storage holds.
    """

    users: pl.DataFrame
    items: pl.DataFrame
    interactions: pl.DataFrame
    events: pl.DataFrame
    rejects: pl.DataFrame
    report: CleaningReport


def clean_files(files: Mapping[str, Path], log: LogSettings, out: Path) -> Cleaned:
    """Clean raw files, by role, into a folder, and read back what was written."""
    out.mkdir(parents=True, exist_ok=True)
    names = ("users", "item_table", "interactions", "events", "rejects")
    paths = {name: out / f"{name}.parquet" for name in names} | {"report": out / "report.json"}
    report = clean(files, log, paths)
    assert CleaningReport.model_validate_json(paths["report"].read_bytes()) == report
    assert {path.name for path in out.iterdir()} == {path.name for path in paths.values()}
    schemas = (
        users_schema(log.user_features),
        items_schema(log.read_features(report.item_features)),
        interactions_schema(log.task.scale, timed=log.timed),
        events_schema(log.event_groups),
        REJECTS,
    )
    tables = [pl.read_parquet(paths[name]) for name in names]
    for table, schema in zip(tables, schemas, strict=True):
        assert dict(table.schema) == types(schema)
    users, items, interactions, events, rejects = tables
    return Cleaned(users, items, interactions, events, rejects, report)


def clean_folder(folder: Path, log: LogSettings, out: Path) -> Cleaned:
    """Clean the raw files that lie in a folder; an optional one may be missing."""
    files = {role: folder / table.file for role, table in log.tables().items()}
    wanted = {
        role: path
        for role, path in files.items()
        if log.tables()[role].presence == "required" or path.is_file()
    }
    return clean_files(wanted, log, out)


def load_dataset(name: str, config: Path) -> Dataset:
    """Load a dataset's settings that extend no others."""
    return Dataset.model_validate(yaml.safe_load((config / f"datasets/{name}.yaml").read_text()))


@pytest.fixture(scope="session")
def config() -> Path:
    """The folder of the settings as delivered."""
    return Path(__file__).parents[1] / "config"


@pytest.fixture(scope="session")
def movielens(config: Path) -> Dataset:
    return load_dataset("movielens", config)


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
) -> Callable[[Mapping[str, Sequence[str]]], Cleaned]:
    """Write MovieLens's raw files, and clean what they hold."""
    out = tmp_path_factory.mktemp("clean")

    def write_and_clean(lines: Mapping[str, Sequence[str]]) -> Cleaned:
        raw = tmp_path_factory.mktemp("raw")
        for name, content in lines.items():
            encoding = "utf-8" if name == "movies_extrainfos.dat" else "latin-1"
            (raw / name).write_bytes("".join(f"{line}\n" for line in content).encode(encoding))
        return clean_folder(raw, movielens, out)

    return write_and_clean


@pytest.fixture(scope="session")
def read_raw(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str | bytes, Table], Records]:
    """Write a raw file and read its records."""
    folder, scratch = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("scratch")

    def write_and_read(content: str | bytes, table: Table) -> Records:
        path = folder / table.file
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        raw = open_table(path, table, scratch)
        rows = raw.rows.collect(engine="streaming").sort("line")
        own = ["line", "text", "misshapen"]
        assert rows.columns == [*own, *(f"raw_{c}" for c in raw.columns)]
        fields = rows.select(f"raw_{name}" for name in raw.columns).rows()
        shapes = zip(rows["line"], rows["misshapen"], fields, strict=True)
        records = {line: None if wrong else values for line, wrong, values in shapes}
        assert len(records) == rows.height
        return Records(raw.columns, records, dict(rows.select("line", "text").iter_rows()))

    return write_and_read


@pytest.fixture
def _undone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what makes a job repeatable."""
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode("default")  # its twin loads a compiler
