"""Clean raw logs into users, items, interactions and events; every row not kept is a reject."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from pipeline_lib.data.interactions import Known, Streamed, read_events, read_interactions
from pipeline_lib.data.items import Items, read_items, with_unlisted
from pipeline_lib.data.profiles import Profiles, count_features, read_profiles
from pipeline_lib.data.raw import RawTable, open_table
from pipeline_lib.data.report import CleaningReport
from pipeline_lib.schemas.clean import REJECTS, events, interactions, items, users
from pipeline_lib.schemas.columns import types
from pipeline_lib.settings.dataset import LogSettings
from pipeline_lib.storage import write_json, write_large_table, write_table


@dataclass(frozen=True)
class CleanFiles:
    """Where the clean tables go (see `pipeline_lib.schemas.clean`)."""

    users: Path
    item_table: Path
    interactions: Path
    events: Path
    rejects: Path
    report: Path


@dataclass(frozen=True)
class _Logs:
    """What was read of each kind of table; events: None where there is no such file."""

    users: Profiles
    items: Items
    interactions: Streamed
    events: Streamed | None

    @property
    def held(self) -> list[Profiles]:
        """List what is held in memory: a row a user or item."""
        return [self.users, *self.items.files]

    @property
    def streamed(self) -> list[Streamed]:
        """List what is streamed from file to file."""
        return [self.interactions, *([self.events] if self.events else [])]


def clean(files: Mapping[str, Path], log: LogSettings, out: CleanFiles) -> CleaningReport:
    """Keep the rows that are whole, unique, right by the settings and refer to known rows.

    files: by role, as `LogSettings.tables` lists them; an optional one may be missing. A user
    with a blank or wrong feature is kept, and `problem` says so: whom to drop when is the
    partition's to say. Raises RawFileError when a file is not what it should be.
    """
    with TemporaryDirectory(dir=out.users.parent, prefix=".clean-") as folder:
        scratch, tables = Path(folder), log.tables()
        raw = {role: open_table(path, tables[role], scratch) for role, path in files.items()}
        logs = _read(raw, log, scratch)
        report = _report(logs, raw, log)
        _write(logs, log, out)
    write_json(report, out.report)
    return report


def _read(raw: Mapping[str, RawTable], log: LogSettings, scratch: Path) -> _Logs:
    people = read_profiles(raw["users"], log.users, ("user", log.users.user), log.user_features)
    things = read_items(raw, log)
    known = {"user": Known(people.rows["user"], log.users.file)}
    rows = read_interactions(
        raw["interactions"],
        log.interactions,
        log.task,
        known | _known_items(log, things),
        scratch,
    )
    happened = _read_events(raw, log, known["user"], scratch)
    return _Logs(people, with_unlisted(things, rows.rows), rows, happened)


def _report(logs: _Logs, raw: Mapping[str, RawTable], log: LogSettings) -> CleaningReport:
    people, things = logs.users.rows, logs.items
    return CleaningReport(
        item_features=[f for f in log.item_features if f not in things.left_out],
        features_left_out=things.left_out,
        files=[*(p.count for p in logs.held), *(s.count for s in logs.streamed)],
        joined_lines={table.file: table.joined for table in raw.values() if table.joined},
        user_values=count_features(people, log.user_features),
        item_values=count_features(things.rows, things.features),
        users=people.height,
        sound_users=_problem(people, log).null_count(),
        items=things.rows.height,
        items_without_row=things.unlisted,
        interactions=logs.interactions.count.kept,
    )


def _write(logs: _Logs, log: LogSettings, out: CleanFiles) -> None:
    people, things = logs.users.rows, logs.items
    profiles = people.with_columns(_problem(people, log)).select(
        "user", *log.user_features, "problem"
    )
    write_table(profiles.sort("user"), users(log.user_features), out.users)
    catalogue = things.rows.select("item", *things.features).sort("item")
    write_table(catalogue, items(things.features), out.item_table)
    write_large_table(logs.interactions.rows, interactions(log.task.scale), out.interactions)
    schema = events(log.event_groups)
    empty = pl.LazyFrame(schema=types(schema))
    write_large_table(logs.events.rows if logs.events else empty, schema, out.events)
    rejects = [p.rejects.lazy() for p in logs.held] + [s.rejects for s in logs.streamed]
    write_large_table(pl.concat(rejects), REJECTS, out.rejects)


def _problem(people: pl.DataFrame, log: LogSettings) -> pl.Series:
    """Say what drops each user: the first feature that is blank or wrong."""
    found = [
        pl.format("{} is {}", pl.lit(name), pl.col(f"problem {name}"))
        for name, feature in log.user_features.items()
        if feature.missing == "drop"
    ]
    problem = pl.coalesce(*found) if found else pl.lit(None, pl.String)
    return people.with_columns(problem.alias("problem"))["problem"]


def _known_items(log: LogSettings, things: Items) -> dict[str, Known]:
    if log.unknown_items == "keep":
        return {}
    return {"item": Known(things.rows["item"], log.items[0].file)}


def _read_events(
    raw: Mapping[str, RawTable], log: LogSettings, users: Known, scratch: Path
) -> Streamed | None:
    if log.events is None or "events" not in raw:
        return None
    return read_events(raw["events"], log.events, users, scratch)
