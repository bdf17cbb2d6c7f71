"""However a raw log is damaged, each of its records is kept or rejected, exactly once.

What the records are is told by a reader that goes through the text character by character.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.data.raw.encoding import RawFileError
from pipeline_lib.data.sample.write import write_sample
from pipeline_lib.settings.dataset import Dataset, SampleLogs
from pipeline_lib.settings.tables import EventTable, InteractionTable, ItemTable, Table, UserTable
from tests.conftest import Cleaned, clean_folder, load_dataset, one_in

LONGEST = 60  # rows of a sample's file
NAMES = ["movielens", "bookcrossing", "taobao"]


@dataclass(frozen=True, repr=False)
class Log:
    """A generated log: its settings, and the bytes of each file, by role, as Latin-1 text."""

    settings: Dataset
    files: Mapping[str, str]


@pytest.fixture(scope="module")
def logs(config: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Log]:
    return {name: generate(load_dataset(name, config), tmp_path_factory) for name in NAMES}


def generate(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Log:
    assert dataset.sample is not None
    generator = dataset.sample.generator
    folder = tmp_path_factory.mktemp(generator)
    paths = {role: folder / table.file for role, table in dataset.tables().items()}
    write_sample(paths, SampleLogs(generator=generator, users=20, items=20, seed=7))
    texts = {role: path.read_bytes().decode("latin-1") for role, path in paths.items()}
    kept = {role: "".join(text.splitlines(True)[:LONGEST]) for role, text in texts.items()}
    return Log(dataset, kept)


PLACE = st.integers(0, 10**6)
INSERTED = ['"', '"', '""', '\\"', "\\", "\n", "\n", "\r", "\r\n", ",", ";", "::", "|", " ", "x"]
INSERTED += [
    "-1",
    "99",
    "NULL",
    "inf",
    "nan",
    '"\n',
    '\n"',
    '",',
    ',"',
    '";',
    ';"',
    "&amp;",
    "\xe9",
]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["drop", "repeat", "swap", "fields", "cut", "insert", "insert", "insert"]),
        PLACE,
        PLACE,
        st.sampled_from(INSERTED),
    ),
    min_size=1,
    max_size=6,
)
Edit = tuple[str, int, int, str]


def edited(text: str, edit: Edit, separator: str) -> str:
    """Drop, repeat or swap lines, swap fields, cut a piece out, or insert something."""
    kind, one, other, what = edit
    if kind == "insert":
        at = one % (len(text) + 1)
        return f"{text[:at]}{what}{text[at:]}"
    if kind == "cut":
        at = one % (len(text) + 1)
        return text[:at] + text[at + other % 40 :]
    lines = text.split("\n")
    i, j = one % len(lines), other % len(lines)
    if kind == "drop":
        del lines[i]
    elif kind == "repeat":
        lines.insert(j, lines[i])
    elif kind == "swap":
        lines[i], lines[j] = lines[j], lines[i]
    else:
        fields = lines[i].split(separator)
        lines[i] = separator.join([*fields[1:], fields[0]])
    return "\n".join(lines)


def parse(text: str, separator: str, quotes: str) -> tuple[list[str] | None, bool]:
    """Split a record into fields, if it can be; and tell whether it ends within quotes."""
    fields: list[str] = []
    at = 0
    while True:
        if quotes != "none" and text.startswith('"', at):
            field, at = "", at + 1
            while not text.startswith('"', at) or (quotes == "doubled" and text[at:][:2] == '""'):
                skip = 1 if text.startswith("\\" if quotes == "backslash" else '"', at) else 0
                if at + skip >= len(text):
                    return None, True
                field += text[at + skip]
                at += skip + 1
            at += 1
        else:
            end = text.find(separator, at)
            end = len(text) if end < 0 else end
            field, at = text[at:end], end
        fields.append(field)
        if at == len(text):
            return fields, False
        if not text.startswith(separator, at):
            return None, False
        at += len(separator)


def records(
    lines: dict[int, str], table: Table, width: int
) -> Iterator[tuple[int, str, list[str]]]:
    """List line, text and fields (none: misshapen) of each record."""
    number = min(lines, default=1)
    while number in lines:
        text, end = lines[number], number
        fields, within = parse(text, table.splits_at, table.quoting)
        while within and end + 1 in lines and end + 1 < number + 100:
            end += 1
            text += f"\n{lines[end]}"
            fields, within = parse(text, table.splits_at, table.quoting)
        whole = fields is not None and len(fields) == width
        yield (number, text, fields or []) if whole else (number, lines[number], [])
        number = end + 1 if whole else number + 1


def read(text: str, table: Table) -> tuple[list[str], dict[int, tuple[str, list[str]]]]:
    """Return the columns' names and, by line, the text and fields of each record."""
    decoded = text.encode("latin-1").decode(table.encoding)
    lines = [line.removesuffix("\r") for line in decoded.removesuffix("\n").split("\n")]
    numbered = dict(enumerate(lines, 1))
    names = table.columns or next(csv.reader([numbered.pop(1)], delimiter=table.splits_at))
    columns = [name.strip() for name in names]
    found = records(numbered, table, len(columns))
    return columns, {line: (text, fields) for line, text, fields in found}


def key(table: Table, name: str, columns: list[str], fields: list[str]) -> str:
    settings = getattr(table, name)
    text = fields[columns.index(settings.column or name)]
    text = re.sub(settings.remove, "", text) if settings.remove else text
    return text.strip().upper() if settings.case == "upper" else text.strip()


def check(log: Log, files: Mapping[str, str], clean: Cleaned) -> None:
    counts = {count.file: count for count in clean.report.files}
    assert [*counts] == [table.file for table in log.settings.tables().values()]
    listed: list[str] = []
    for role, table in log.settings.tables().items():
        columns, waiting = read(files[role], table)
        count = counts[table.file]
        assert count.read == len(waiting)
        rejects = clean.rejects.filter(clean.rejects["file"] == table.file)
        assert count.rejected == rejects.height
        for line, text in rejects.select("line", "text").iter_rows():
            assert waiting.pop(line)[0] == text  # a second reject of the same line finds none
        assert count.kept == len(waiting)
        kept = [fields for _, fields in waiting.values()]
        assert all(kept)
        if isinstance(table, UserTable):
            assert sorted(key(table, "user", columns, f) for f in kept) == [*clean.users["user"]]
        elif isinstance(table, ItemTable):
            own = [key(table, "item", columns, fields) for fields in kept]
            assert len(set(own)) == len(own)
            listed = listed or own
            assert set(own) <= set(listed) <= set(clean.items["item"])
            assert len(listed) == clean.items.height - clean.report.items_without_row
        elif isinstance(table, InteractionTable):
            wanted = ("user", "item", "target")
            texts = [[key(table, name, columns, f) for name in wanted] for f in kept]
            expected = sorted((user, item, float(np.float32(t))) for user, item, t in texts)
            assert sorted(clean.interactions.rows()) == expected
        elif isinstance(table, EventTable):
            groups = [columns.index(group.column or name) for name, group in table.by.items()]
            told = Counter(
                (key(table, "user", columns, f), *(f[group].strip() for group in groups))
                for f in kept
            )
            assert {row[:-3]: row[-3] for row in clean.events.rows()} == told
    assert clean.rejects["reason"].null_count() == 0


@pytest.mark.parametrize("name", NAMES)
def test_an_undamaged_log_is_read_as_the_slow_reader_does(
    logs: dict[str, Log], name: str, tmp_path: Path
) -> None:
    check(logs[name], logs[name].files, cleaned(logs[name], logs[name].files, tmp_path))


def cleaned(log: Log, files: Mapping[str, str], folder: Path) -> Cleaned:
    for role, table in log.settings.tables().items():
        (folder / table.file).write_bytes(files[role].encode("latin-1"))
    return clean_folder(folder, log.settings, folder / "clean")


@pytest.mark.parametrize("name", NAMES)
@one_in(5)
@given(edits=EDITS, choice=PLACE)
def test_every_record_of_a_damaged_log_is_kept_or_rejected_once(
    logs: dict[str, Log],
    name: str,
    edits: list[Edit],
    choice: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    log, files = logs[name], dict(logs[name].files)
    for number, edit in enumerate(edits):
        role = [*files][(choice + number // 2) % len(files)]
        text = edited(files[role], edit, log.settings.tables()[role].splits_at)
        files[role] = re.sub("\r+", "\r", text)  # of two before a newline, both are cut off
    try:
        clean = cleaned(log, files, tmp_path_factory.mktemp("damaged"))
    except RawFileError:
        return
    check(log, files, clean)
