"""Clean the users' files: profiles, interactions and events."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_lib.data.clean.checks import Known
from pipeline_lib.data.clean.interactions import Streamed, read_events, read_interactions
from pipeline_lib.data.clean.joined import Source, read_joined
from pipeline_lib.data.clean.profiles import Profiles
from pipeline_lib.data.clean.report import FileCount
from pipeline_lib.data.raw.table import RawTable
from pipeline_lib.schemas.clean import events
from pipeline_lib.schemas.columns import types
from pipeline_lib.settings.log import LogSettings


@dataclass(frozen=True)
class UserLogs:
    """The clean rows and rejects of the users' files.

    people: as the rows of `Profiles`; those with interactions where no file lists the users.
    listed: the files that do, by role. streamed: `interactions` and, where there is such a file,
    `events`.
    """

    people: pl.DataFrame
    listed: dict[str, Profiles]
    streamed: dict[str, Streamed]

    @property
    def counts(self) -> dict[str, FileCount]:
        """Return the counts of each file's rows, by role."""
        listed = {role: found.count for role, found in self.listed.items()}
        return listed | {role: found.count for role, found in self.streamed.items()}

    @property
    def rejects(self) -> dict[str, pl.LazyFrame]:
        """Return the rejects of each file by role."""
        listed = {role: found.rejects.lazy() for role, found in self.listed.items()}
        return listed | {role: found.rejects for role, found in self.streamed.items()}

    def user_table(self, log: LogSettings) -> pl.DataFrame:
        """Return the table of users, sorted (see `pipeline_lib.schemas.clean`)."""
        people = self.people.with_columns(_problem(log))
        return people.select("user", *log.user_features, "problem").sort("user")

    def event_table(self, log: LogSettings) -> pl.LazyFrame:
        """Return the table of events, sorted by user (see `pipeline_lib.schemas.clean`)."""
        if found := self.streamed.get("events"):
            return found.rows
        return pl.LazyFrame(schema=types(events(log.event_groups)))


def read_user_logs(
    raw: Mapping[str, RawTable], log: LogSettings, items: pl.Series, scratch: Path
) -> UserLogs:
    """Clean users, interactions and events; items: the names of all listed items."""
    sources = {
        role: Source(raw[role], table, table.user) for role, table in log.user_tables().items()
    }
    people, listed = read_joined("user", sources, log.user_features)
    known = {"user": Known(people["user"], log.users[0].file)} if log.users else {}
    if log.items and log.unknown_items == "reject":
        known["item"] = Known(items, log.items[0].file)
    rows = read_interactions(raw["interactions"], log.interactions, log.task, known, scratch)
    streamed = {"interactions": rows}
    people = people if log.users else _met(rows)
    if log.events and "events" in raw:
        users = known.get("user") or Known(people["user"], log.interactions.file)
        streamed["events"] = read_events(raw["events"], log.events, users, scratch)
    return UserLogs(people, listed, streamed)


def _met(rows: Streamed) -> pl.DataFrame:
    """Return the users of interactions: `user`."""
    return rows.rows.select("user").unique().collect(engine="streaming")


def _problem(log: LogSettings) -> pl.Expr:
    """Compute `problem`: the first blank or wrong feature that drops the user, in words."""
    found = [
        pl.format("{} is {}", pl.lit(name), pl.col(f"problem {name}"))
        for name, feature in log.user_features.items()
        if feature.missing == "drop"
    ]
    problem = pl.coalesce(*found) if found else pl.lit(None, pl.String)
    return problem.alias("problem")
