"""The generated book ratings: raw layout, the real log's dirt, determinism, planted structure."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pipeline_lib.data.sample.bookcrossing import write_sample_bookcrossing
from pipeline_lib.settings.dataset import SampleLogs
from tests.data.sample.recovery import (
    Bools,
    Floats,
    Ints,
    most_of_each,
    multi_hot,
    personal_error,
    profile_error,
    without_biases,
)

ROLES = {
    "users": "BX-Users.csv",
    "items_1": "BX-Books.csv",
    "interactions": "BX-Book-Ratings.csv",
}
SAMPLE = SampleLogs(generator="bookcrossing", users=800, items=300, seed=11)
TEXT = r'"((?:[^"\\]|\\.)*)"'
LAYOUTS = {
    "users": rf'"([1-9]\d*)";{TEXT};(NULL|"\d+")\r\n',
    "items_1": ";".join([TEXT] * 8) + r"\r\n",
    "interactions": r'"([1-9]\d*)";"([^"]+)";"(10|\d)"\r\n',
}
HEADERS = {
    "users": '"User-ID";"Location";"Age"\r\n',
    "items_1": (
        '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher";'
        '"Image-URL-S";"Image-URL-M";"Image-URL-L"\r\n'
    ),
    "interactions": '"User-ID";"ISBN";"Book-Rating"\r\n',
}
Rows = dict[str, list[tuple[str, ...]]]
WORD = "[^,;]+"
DIRT = {
    ("users", 1): [
        rf"{WORD}\n, {WORD}, {WORD}",
        rf'{WORD}, \\"n/a\\", {WORD}',
        rf"{WORD}, n/a, {WORD}",
        "n/a, n/a, n/a",
        rf"{WORD}, , {WORD}",
        rf"{WORD}, ,",
        rf"{WORD}, {WORD},",
        rf"{WORD}, {WORD}",
        WORD,
        rf"{WORD}, {WORD}, {WORD}, {WORD}",
        r".*&#\d+;.*",
        r".*¨.*",
    ],
    ("users", 2): ["NULL", '"0"', '"1"', '"239"'],
    ("items_1", 0): [r"\d{9}x", r"\d{8}[\dX]", r"B0000\d{4}[\dX]"],
    ("items_1", 1): [r'\\\\\w+\\\\\\" .*\\"', ".* &amp; .*", ".* ; .*", ".*Ã.*"],
    ("items_1", 2): ["", ".* &amp; .*"],
    ("items_1", 3): ["", "0", "20[35]0"],
    ("items_1", 4): ["", ".* &amp; .*"],
    ("interactions", 1): [
        r"\d{9}x",
        r"\d{7,8}[\dX]",
        r"[ON]\d{8,9}[\dX]",
        r"978\d{9}[\dX]",
        r"\d{8}",
        r" \d{9}[\dX]",
        r"\d \d{3} \d{5}[\dX]",
        r"680ISBN\d{5}[\dX]",
    ],
}
KINDS = [(role, column, kind) for (role, column), kinds in DIRT.items() for kind in kinds]


def write_into(folder: Path, sample: SampleLogs) -> None:
    write_sample_bookcrossing({role: folder / name for role, name in ROLES.items()}, sample)


def read(path: Path, role: str) -> list[tuple[str, ...]]:
    text = path.read_bytes().decode("latin-1")
    return re.findall(LAYOUTS[role], text.removeprefix(HEADERS[role]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "sample"
    write_into(folder, SAMPLE)
    return folder


@pytest.fixture(scope="module")
def rows(folder: Path) -> Rows:
    return {role: read(folder / name, role) for role, name in ROLES.items()}


@dataclass(frozen=True)
class Explicit:
    """Explicit ratings of listed books: `book` numbers the rows of the books' file."""

    user: Ints
    book: Ints
    rating: Floats


@pytest.fixture(scope="module")
def explicit(rows: Rows) -> Explicit:
    book_row = {fields[0]: row for row, fields in enumerate(rows["items_1"])}
    known = [r for r in rows["interactions"] if r[2] != "0" and r[1] in book_row]
    return Explicit(
        user=np.array([int(fields[0]) - 1 for fields in known]),
        book=np.array([book_row[fields[1]] for fields in known]),
        rating=np.array([float(fields[2]) for fields in known]),
    )


@pytest.fixture(scope="module")
def support(explicit: Explicit) -> Bools:
    return most_of_each(explicit.user)


@pytest.fixture(scope="module")
def unexplained(explicit: Explicit, support: Bools) -> Floats:
    return without_biases(explicit.rating, (explicit.book, explicit.user), support)


@pytest.fixture(scope="module")
def traits(rows: Rows, explicit: Explicit) -> Floats:
    """The publisher, and the year in steps of six, of each rating's book."""
    books = [
        [f[4].replace("&amp;", "&"), str(int(f[3]) // 6) if f[3] else ""] for f in rows["items_1"]
    ]
    return multi_hot(books)[explicit.book]


@pytest.mark.parametrize("role", ROLES)
def test_every_row_has_the_raw_layout(folder: Path, role: str) -> None:
    text = (folder / ROLES[role]).read_bytes().decode("latin-1")
    assert text.startswith(HEADERS[role])
    assert re.fullmatch(f"(?:{LAYOUTS[role]})+", text.removeprefix(HEADERS[role]))


@pytest.mark.parametrize("role", ["users", "items_1"])
def test_text_is_latin_1(folder: Path, role: str) -> None:
    with pytest.raises(UnicodeDecodeError):
        (folder / ROLES[role]).read_bytes().decode("utf-8")


@pytest.mark.parametrize(("role", "column", "kind"), KINDS)
def test_every_kind_of_dirt_is_there_but_rare(
    rows: Rows, role: str, column: int, kind: str
) -> None:
    found = sum(bool(re.fullmatch(kind, fields[column])) for fields in rows[role])
    assert 0 < found <= 0.04 * len(rows[role])


def test_few_users_have_a_wrong_or_missing_feature(rows: Rows) -> None:
    places = rf"{WORD}, (?!n/a)[^\W\d][\w -]+, [a-z ]+"
    sound = [
        re.fullmatch(places, f[1]) and 10 <= int(f[2].strip('"')) <= 100
        for f in rows["users"]
        if f[2] != "NULL"
    ]
    assert 0.9 <= sum(map(bool, sound)) / len(rows["users"]) < 0.96


def test_some_rated_books_have_no_row_and_few_rows_come_twice(rows: Rows) -> None:
    listed = {fields[0] for fields in rows["items_1"]}
    ratings = rows["interactions"]
    unlisted = sum(fields[1] not in listed for fields in ratings) / len(ratings)
    assert len(listed) == len(rows["items_1"])
    assert 0.02 < unlisted < 0.12
    assert 0 < len(ratings) - len(set(ratings)) < 0.005 * len(ratings)


def test_shares_of_implicit_and_explicit_ratings_are_the_real_ones(rows: Rows) -> None:
    counts = Counter(int(fields[2]) for fields in rows["interactions"])
    explicit = sum(counts.values()) - counts[0]
    assert counts[0] / sum(counts.values()) == pytest.approx(0.6, abs=0.02)
    assert sum(counts[r] for r in (7, 8, 9, 10)) / explicit == pytest.approx(0.77, abs=0.04)
    assert set(counts) == set(range(11))


def test_activity_and_popularity_are_long_tailed_with_enough_to_rank(rows: Rows) -> None:
    explicit = [fields for fields in rows["interactions"] if fields[2] != "0"]
    users, books = (np.sort(list(Counter(f[n] for f in explicit).values())) for n in (0, 1))
    assert users.mean() > 1.25 * np.median(users)
    assert books.mean() > 1.25 * np.median(books)
    assert (users >= 5).sum() > 0.6 * SAMPLE.users
    assert (users >= 10).sum() > 0.35 * SAMPLE.users


@pytest.mark.parametrize(("users", "items"), [(20, 20), (20, 300), (400, 20)])
def test_small_samples_are_complete_and_mostly_sound(
    users: int, items: int, tmp_path: Path
) -> None:
    write_into(tmp_path, SAMPLE.model_copy(update={"users": users, "items": items}))
    found = read(tmp_path / ROLES["users"], "users")
    odd = [f for f in found if not re.fullmatch(rf"{WORD}, {WORD}, {WORD}", f[1]) or f[2] == "NULL"]
    assert len(found) == users
    assert len(odd) <= 0.1 * users
    assert len(read(tmp_path / ROLES["items_1"], "items_1")) == pytest.approx(items, abs=items / 20)


def test_a_file_that_cannot_be_finished_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: Path, target: Path) -> None:
        raise OSError("disk full")

    (tmp_path / "BX-Users.csv").write_text("old")
    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(OSError, match="disk full"):
        write_into(tmp_path, SAMPLE)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.slow
def test_taste_is_recoverable_from_year_and_publisher_and_hinted_at_by_the_profile(
    rows: Rows, explicit: Explicit, traits: Floats, support: Bools, unexplained: Floats
) -> None:
    """A fit per user takes at least 10 % off the error of biases, one per profile 4 %."""
    locations = [fields[1].split(", ")[-2:] for fields in rows["users"]]
    decades = [f"{fields[2][:2]}0" for fields in rows["users"]]
    profiles = multi_hot([[*place, d] for place, d in zip(locations, decades, strict=True)])
    shared = (unexplained[~support] ** 2).mean()
    hinted = profile_error(profiles[explicit.user], traits, unexplained, support)
    learnt = personal_error(traits, unexplained, explicit.user, support)
    assert learnt < 0.9 * shared
    assert learnt < hinted < 0.96 * shared
