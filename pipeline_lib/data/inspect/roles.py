"""Find what raw files are: of interactions, of users or of items; and their columns' roles."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pipeline_lib.data.inspect.columns import ColumnFacts, look_at
from pipeline_lib.data.inspect.raw_file import UNNAMED, RawFile

LEAST_SHARED = 0.1  # of a file's names, to be those of the interactions
DAY = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")


@dataclass(frozen=True)
class Seen:
    """A raw file and its columns. key: the column that names its users or items."""

    raw: RawFile
    columns: list[ColumnFacts]
    key: str = ""

    def without(self, *names: str | None) -> list[ColumnFacts]:
        """Return the other columns that hold anything."""
        return [c for c in self.columns if c.filled and c.name not in names]


@dataclass(frozen=True)
class Roles:
    """What each file and column is taken for. target, time, unit: None where there is none.

    other: files that name neither users nor items. doubts: what is not sure, by role.
    """

    log: Seen
    user: str
    item: str
    target: ColumnFacts | None
    time: str | None
    unit: str | None
    users: Seen | None
    items: list[Seen]
    other: list[Seen]
    doubts: dict[str, str] = field(default_factory=dict)


def find_roles(files: Sequence[RawFile]) -> Roles:
    """Return the roles of files and columns; raise ValueError where no file has interactions."""
    seen = [Seen(f, [look_at(name, f.rows[name]) for name in f.rows.columns]) for f in files]
    log = max(seen, key=_is_log)
    doubts: dict[str, str] = {}
    times = {c.name: unit for c in log.columns if (unit := _unit(log, c))}
    time = min(times, key=lambda name: not look(log, name).is_like("time"), default=None)
    user = _key(log, "user", [*times], doubts)
    item = _key(log, "item", [*times, user], doubts)
    target = _target(log.without(user, item, *times))
    users, items, other = None, [], []
    for file in seen:
        role, key = _names(file, log, {"user": user, "item": item})
        if file is log:
            continue
        if role == "user" and users is None:
            users = Seen(file.raw, file.columns, key)
        elif role == "item":
            items.append(Seen(file.raw, file.columns, key))
        else:
            other.append(file)
    unit = times[time] if time else None
    return Roles(log, user, item, target, time, unit, users, items, other, doubts)


def look(file: Seen, name: str) -> ColumnFacts:
    """Return a column of a file."""
    return next(column for column in file.columns if column.name == name)


def _is_log(file: Seen) -> tuple[bool, int]:
    """Return how much a file is like one of interactions, to be compared."""
    repeated = [c for c in file.columns if not c.is_unique]
    return all(
        any(c.is_like(role) for c in repeated) for role in ("user", "item")
    ), file.raw.rows.height


def _key(log: Seen, role: str, taken: Sequence[str], doubts: dict[str, str]) -> str:
    left = [c for c in log.without(*taken) if c.whole or not c.is_number]
    named = [c for c in left if c.is_like(role)]
    if named:
        return min(named, key=lambda c: ("id" not in c.name.lower(), -c.distinct)).name
    if not left:
        raise ValueError(f"{log.raw.path} has no column that may name {role}s")
    doubts[role] = f"a guess, the first of {', '.join(column.name for column in left)}"
    return left[0].name


def _target(columns: Sequence[ColumnFacts]) -> ColumnFacts | None:
    """Return the column that is most like a target, None where none is.

    Where the file names no columns, it is the first that has numbers.
    """
    if columns and columns[0].name.startswith(UNNAMED):
        return next((c for c in columns if c.is_number), None)
    likely = [c for c in columns if c.is_like("target") and (c.is_number or c.distinct <= 50)]
    return min(likely, key=lambda c: (not c.is_number, c.distinct), default=None)


def _unit(log: Seen, column: ColumnFacts) -> str | None:
    if column.epoch:
        return column.epoch
    texts = log.raw.rows[column.name].drop_nulls().head(100).to_list()
    return "iso" if texts and all(DAY.fullmatch(text.strip()) for text in texts) else None


def _names(file: Seen, log: Seen, keys: dict[str, str]) -> tuple[str, str]:
    """Return whether a file's rows are of users or of items, and the column that names them."""
    _, role, column = max(_shared(file, log, keys), default=(0, "", ""))
    return role, column


def _shared(file: Seen, log: Seen, keys: dict[str, str]) -> Iterator[tuple[float, str, str]]:
    """Yield each column that may name users or items, with the share of names in both files."""
    for role, key in keys.items():
        known = set(log.raw.rows[key])
        for column in file.columns:
            if column.is_unique:
                own = set(file.raw.rows[column.name].drop_nulls())
                both = len(own & known)
                if both >= LEAST_SHARED * min(len(own), len(known)):
                    same = column.name == key and not key.startswith(UNNAMED)
                    alike = same or column.is_like(role)
                    yield both / len(own | known) * (1 if alike else 0.5), role, column.name
