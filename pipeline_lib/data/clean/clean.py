"""Clean raw logs into users, items, interactions and events; every other row is a reject."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline_lib.data.clean.items import read_items, with_unlisted
from pipeline_lib.data.clean.report import CleaningReport
from pipeline_lib.data.clean.user_logs import read_user_logs
from pipeline_lib.data.clean.write import CleanFiles, CleanLog, write_log
from pipeline_lib.data.raw.places import in_order
from pipeline_lib.data.raw.table import RawTable, open_table
from pipeline_lib.schemas.clean import events, interactions
from pipeline_lib.settings.dataset import LogSettings


def clean(files: Mapping[str, Path], log: LogSettings, out: CleanFiles) -> CleaningReport:
    """Write the rows that are complete, unique, valid by the settings and refer to known rows.

    files: by role, as `LogSettings.tables` lists them; an optional one may be missing. A user
    with a blank or wrong feature is kept, with the reason in `problem`: the partition decides
    whom to drop. Raises RawFileError when a file is not what it should be.
    """
    with TemporaryDirectory(dir=out.users.parent, prefix=".clean-") as folder:
        scratch, tables = Path(folder), log.tables()
        raw = {role: open_table(path, tables[role], scratch) for role, path in files.items()}
        return write_log(_read(raw, log, scratch), files, log, out)


def _read(raw: Mapping[str, RawTable], log: LogSettings, scratch: Path) -> CleanLog:
    listed = read_items(raw, log, events="events" in raw)
    own = read_user_logs(raw, log, listed.rows["item"], scratch)
    return CleanLog(
        users=own.user_table(log).lazy(),
        items=with_unlisted(listed, own.interactions.rows),
        joined_lines={role: raw[role].joined for role in listed.files},
        interactions=own.interactions.rows,
        interactions_schema=interactions(log.task.scale),
        events=own.event_table(log),
        events_schema=events(log.event_groups),
        rejects=in_order(own.rejects | listed.rejects, log.tables()),
        report=own.report(raw, log),
    )
