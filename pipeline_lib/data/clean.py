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


def clean(files: Mapping[str, Path], log: LogSettings, out: CleanFiles) -> CleaningReport:
    """Keep the rows that are whole, unique, right by the settings and refer to known rows.

    files: by role, as `LogSettings.tables` lists them; an optional one may be missing. A user
    with a blank or wrong feature is kept, and `problem` says so: whom to drop when is the
    partition's to say. Raises RawFileError when a file is not what it should be.
    """
    with TemporaryDirectory(dir=out.users.parent, prefix=".clean-") as folder:
        scratch = Path(folder)
        tables = log.tables()
        raw = {role: open_table(path, tables[role], scratch) for role, path in files.items()}
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
        things = with_unlisted(things, rows.rows)
        streams: list[Streamed] = [rows, *([happened] if happened else [])]
        report = CleaningReport(
            item_features=[f for f in log.item_features if f not in things.left_out],
            features_left_out=things.left_out,
            files=[*(p.count for p in (people, *things.files)), *(s.count for s in streams)],
            joined_lines={table.file: table.joined for table in raw.values() if table.joined},
            user_values=count_features(people.rows, log.user_features),
            item_values=count_features(things.rows, things.features),
            users=people.rows.height,
            sound_users=_problem(people.rows, log).null_count(),
            items=things.rows.height,
            items_without_row=things.unlisted,
            interactions=rows.count.kept,
        )
        _write(out, log, people, things, rows, happened)
        rejects = [p.rejects.lazy() for p in (people, *things.files)]
        rejects += [s.rejects for s in streams]
        write_large_table(pl.concat(rejects), REJECTS, out.rejects)
    write_json(report, out.report)
    return report


def _write(
    out: CleanFiles,
    log: LogSettings,
    people: Profiles,
    things: Items,
    rows: Streamed,
    happened: Streamed | None,
) -> None:
    profiles = people.rows.with_columns(_problem(people.rows, log)).select(
        "user", *log.user_features, "problem"
    )
    write_table(profiles.sort("user"), users(log.user_features), out.users)
    catalogue = things.rows.select("item", *things.features).sort("item")
    write_table(catalogue, items(things.features), out.item_table)
    write_large_table(rows.rows, interactions(log.task.scale), out.interactions)
    schema = events(log.event_groups)
    empty = pl.LazyFrame(schema=types(schema))
    write_large_table(happened.rows if happened else empty, schema, out.events)


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
