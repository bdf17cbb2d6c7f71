"""Whatever happens to a raw log, each of its lines is kept or rejected with a reason."""

from collections.abc import Callable, Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_lib.data.clean import CleanLogs
from pipeline_lib.data.errors import RawFileError
from pipeline_lib.schemas.clean import REJECTS
from pipeline_lib.schemas.clean import interactions as interactions_schema
from pipeline_lib.schemas.clean import items as items_schema
from pipeline_lib.schemas.clean import users as users_schema
from pipeline_lib.settings.dataset import Dataset

CleanLines = Callable[[Mapping[str, Sequence[str]]], CleanLogs]
Lines = dict[str, list[str]]

USERS = ["1::F::1::10::48067", "2::M::56::16::70072", "3::M::25::15::55117", "4::F::18::0::02139"]
MOVIES = [
    "1::Heat (1995)::Drama|War",
    "2::Alien (1979)::Horror",
    "3::Untold::",
    "4::Up (2009)::War",
]
RATINGS = [
    f"{user}::{item}::{1 + (user * item) % 5}::0" for user in (1, 2, 3) for item in (1, 2, 3)
]
DETAILS = [
    f"{i}::a::1995::PG::b::c::Bo Li, Al Poe::d::Al Poe (voice), N/A::e::f" for i in (1, 2, 4)
]
GARBAGE = st.text("019.-:| aMFé", max_size=4)


def damaged(line: str) -> st.SearchStrategy[str]:
    """A line itself, or cut, or with fields garbled, lost, doubled or moved."""
    fields = line.split("::")
    places = st.integers(0, len(fields) - 1)
    garbled = st.tuples(places, GARBAGE).map(
        lambda change: "::".join([*fields[: change[0]], change[1], *fields[change[0] + 1 :]])
    )
    moved = st.permutations(fields).map("::".join)
    resized = st.lists(st.sampled_from(fields), max_size=len(fields) + 1).map("::".join)
    cut = st.integers(0, len(line)).map(lambda end: line[:end])
    return st.just(line) | garbled | moved | resized | cut


def damaged_file(lines: Sequence[str], whole_line: str) -> st.SearchStrategy[list[str]]:
    """Lines lost, doubled, shuffled and damaged, but for one and some more; either line end."""
    one = st.sampled_from(lines).flatmap(damaged)
    ends = st.sampled_from(["", "\r"])
    whole = st.lists(st.sampled_from(lines), unique=True)
    mixed = st.tuples(st.lists(one, max_size=12), whole, ends)
    return mixed.map(lambda m: [line + m[2] for line in [*m[0], *m[1], whole_line]])


damaged_logs = st.fixed_dictionaries(
    {
        "users.dat": damaged_file(USERS, USERS[0]),
        "movies.dat": damaged_file(MOVIES, MOVIES[0]),
        "ratings.dat": damaged_file(RATINGS, RATINGS[0]),
    },
    optional={"movies_extrainfos.dat": damaged_file(DETAILS, DETAILS[0])},
)


def kept_lines(logs: CleanLogs, lines: Lines, file: str) -> list[list[str]]:
    """The fields of the lines that were not rejected, after checking the rejects themselves."""
    rejects = logs.rejects.filter(logs.rejects["file"] == file)
    numbered = {i: line.removesuffix("\r") for i, line in enumerate(lines[file], 1)}
    for number, text in rejects.select("line", "text").iter_rows():
        assert numbered.pop(number) == text  # a second reject of the same line finds none
    return [text.split("::") for text in numbered.values()]


@settings(max_examples=100)
@given(lines=damaged_logs)
def test_every_line_is_kept_or_rejected_exactly_once(lines: Lines, clean_lines: CleanLines) -> None:
    logs = clean_lines(lines)
    users = kept_lines(logs, lines, "users.dat")
    movies = kept_lines(logs, lines, "movies.dat")
    ratings = kept_lines(logs, lines, "ratings.dat")
    assert logs.users.rows() == sorted(tuple(user) for user in users)
    assert logs.items["item"].to_list() == sorted(movie[0] for movie in movies)
    assert logs.interactions.rows() == sorted((u, i, float(t)) for u, i, t, _ in ratings)


@settings(max_examples=50)
@given(lines=damaged_logs)
def test_details_are_kept_once_for_each_known_movie_or_rejected(
    lines: Lines, clean_lines: CleanLines
) -> None:
    logs = clean_lines(lines)
    details = kept_lines(logs, {"movies_extrainfos.dat": [], **lines}, "movies_extrainfos.dat")
    described = [fields[0] for fields in details]
    assert len(set(described)) == len(described)
    assert set(described) <= set(logs.items["item"])
    assert ("director" in logs.items.columns) == ("movies_extrainfos.dat" in lines)


@settings(max_examples=50)
@given(lines=damaged_logs)
def test_tables_pass_their_schemas_and_counts_add_up(
    lines: Lines, clean_lines: CleanLines, movielens: Dataset
) -> None:
    logs = clean_lines(lines)
    users_schema(movielens.user_features).validate(logs.users)
    items_schema(logs.report.item_features).validate(logs.items)
    interactions_schema(movielens.scale).validate(logs.interactions)
    REJECTS.validate(logs.rejects)
    assert {c.file: c.read for c in logs.report.files} == {
        n: len(rows) for n, rows in lines.items()
    }
    assert sum(count.rejected for count in logs.report.files) == logs.rejects.height


@settings(max_examples=30)
@given(garbage=st.lists(st.sampled_from(RATINGS).flatmap(damaged), min_size=1, max_size=3))
def test_a_file_without_one_good_line_is_refused_by_name(
    garbage: list[str], clean_lines: CleanLines
) -> None:
    users = [line.replace("::", ":") for line in garbage]
    with pytest.raises(RawFileError, match=r"users\.dat"):
        clean_lines({"users.dat": users, "movies.dat": MOVIES, "ratings.dat": RATINGS})
