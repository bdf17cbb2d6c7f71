"""Clean raw logs into users, items, interactions and events; every other row is a reject."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from pipeline_lib.data.clean.items import Items, read_items, with_unlisted
from pipeline_lib.data.clean.profiles import count_features
from pipeline_lib.data.clean.report import CleaningReport, check_kept
from pipeline_lib.data.clean.user_logs import UserLogs, read_user_logs
from pipeline_lib.data.raw.table import RawTable, open_table
from pipeline_lib.schemas.clean import REJECTS, events, interactions, items, users
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.storage.tables import write_json, write_large_table, write_table


def clean(files: Mapping[str, Path], log: LogSettings, out: Mapping[str, Path]) -> CleaningReport:
    """Write the rows that are complete, unique, valid by the settings and refer to known rows.

    files: by role, as `LogSettings.tables` lists them; an optional one may be missing. A user
    with a blank or wrong feature is kept, with the reason in `problem`: the partition decides
    whom to drop. out: the paths of `users`, `item_table`, `interactions`, `events`, `rejects` (see
    `pipeline_lib.schemas.clean`) and `report`. Raises RawFileError when a file is not what it
    should be.
    """
    with TemporaryDirectory(dir=out["users"].parent, prefix=".clean-") as folder:
        scratch, tables = Path(folder), log.tables()
        raw = {role: open_table(path, tables[role], scratch) for role, path in files.items()}
        listed = read_items(raw, log, events="events" in raw)
        own = read_user_logs(raw, log, listed.rows["item"], scratch)
        found = with_unlisted(listed, own.streamed["interactions"].rows)
        for role in own.counts:
            check_kept(raw[role].path, own.counts[role], own.rejects[role])
        _write_tables(own, found, log, out)
    report = _report(raw, own, found, log)
    write_json(report, out["report"])
    return report


def _write_tables(own: UserLogs, found: Items, log: LogSettings, out: Mapping[str, Path]) -> None:
    catalogue = found.rows.select("item", *found.features).sort("item")
    write_large_table(own.user_table(log).lazy(), users(log.user_features), out["users"])
    write_table(catalogue, items(found.features), out["item_table"])
    write_large_table(
        own.streamed["interactions"].rows,
        interactions(log.task.scale, timed=log.timed),
        out["interactions"],
    )
    write_large_table(own.event_table(log), events(log.event_groups), out["events"])
    rejects = own.rejects | found.rejects
    in_order = pl.concat(rejects[role] for role in log.tables() if role in rejects)
    write_large_table(in_order, REJECTS, out["rejects"])


def _report(
    raw: Mapping[str, RawTable], own: UserLogs, found: Items, log: LogSettings
) -> CleaningReport:
    counts, tables = own.counts | found.counts, log.tables()
    joined = {role: table.joined for role, table in raw.items()}
    return CleaningReport(
        item_features=[f for f in log.item_features if f not in found.left_out],
        features_left_out=found.left_out,
        files=[counts[role] for role in tables if role in counts],
        joined_lines={tables[role].file: joined[role] for role in tables if joined.get(role)},
        user_values=count_features(own.people, log.user_features),
        item_values=count_features(found.rows, found.features),
        users=own.people.height,
        sound_users=own.user_table(log)["problem"].null_count(),
        items=found.rows.height,
        items_without_row=found.unlisted if log.items else 0,
        interactions=counts["interactions"].kept,
    )
