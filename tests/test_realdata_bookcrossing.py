"""The real BookCrossing: what becomes of every row and every user, by both delivered rules."""

from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.data.encode.split import EncodedSplit, encode_split
from pipeline_lib.data.encode.tables import CleanTables
from pipeline_lib.partition.split import Split
from pipeline_lib.schemas.columns import FOLDS
from tests.real_logs import RealLog, read_real_log, row_counts

pytestmark = pytest.mark.realdata

USERS = 278_858
RATED = 58_388  # of them, after cleaning
WITHOUT_ISBN = 9_049
COLDEST = "not among the 80 % with fewest interactions"


@pytest.fixture(scope="module")
def log(config: Path, tmp_path_factory: pytest.TempPathFactory) -> RealLog:
    return read_real_log("bookcrossing", config, tmp_path_factory.mktemp("bookcrossing"))


@pytest.fixture(scope="module")
def literal_log(config: Path, tmp_path_factory: pytest.TempPathFactory) -> RealLog:
    return read_real_log("bookcrossing-literal", config, tmp_path_factory.mktemp("literal"))


@pytest.fixture(scope="module")
def filters_first(log: RealLog) -> Split:
    return log.split()


@pytest.fixture(scope="module")
def literal(literal_log: RealLog) -> Split:
    return literal_log.split()


@pytest.fixture(scope="module")
def encoded(log: RealLog, filters_first: Split) -> EncodedSplit:
    c, s = log.clean, filters_first
    tables = CleanTables(c.users, c.items, c.events.lazy(), s.users, s.interactions.lazy())
    return encode_split(tables, log.dataset.item_features)


def test_every_row_is_kept_or_rejected_with_a_reason(log: RealLog) -> None:
    isbn = "ISBN: not an ISBN of 10 or 13 digits or an ASIN"
    assert log.files() == [
        "BX-Users.csv: 278,858 read = 278,858 kept + 0 rejected",
        f"BX-Books.csv: 51,423 read = 51,256 kept + 167 rejected; 165 {isbn}; "
        "2 ISBN: duplicate of an earlier row",
        "BX-Book-Ratings.csv: 500,067 read = 295,210 kept + 204,857 rejected; "
        f"195,808 Book-Rating: outside the scale 1 to 10; 9,049 {isbn}",
    ]
    assert log.clean.rejects.height == 167 + 204_857


def test_implicit_ratings_are_outside_the_scale_and_explicit_ones_kept(log: RealLog) -> None:
    """Of the 500,067 raw ratings 301,609 are explicit; those with a sound ISBN are kept."""
    raw = (log.folder / "BX-Book-Ratings.csv").read_text(encoding="latin-1").splitlines()[1:]
    explicit = [line for line in raw if not line.endswith(';"0"')]
    assert (len(raw), len(explicit)) == (500_067, 301_609)
    ratings = log.clean.interactions
    wrong = log.clean.rejects.filter(pl.col("column") == "ISBN", file="BX-Book-Ratings.csv")
    explicit_wrong = wrong.filter(~pl.col("text").str.ends_with(';"0"'))
    assert wrong.height == WITHOUT_ISBN
    assert ratings.height == len(explicit) - explicit_wrong.height == 295_210
    assert (ratings["target"].min(), ratings["target"].max()) == (1, 10)
    assert (ratings["user"].n_unique(), ratings["item"].n_unique()) == (RATED, 80_119)


def test_books_that_no_file_lists_are_kept_without_features(log: RealLog) -> None:
    assert (log.clean.report.items, log.clean.report.items_without_row) == (83_453, 32_197)
    listed = 51_256
    unknown = log.clean.items.filter(pl.all_horizontal(pl.col("year", "publisher").is_null()))
    assert unknown.height >= log.clean.items.height - listed


def test_the_location_with_a_newline_is_one_row(log: RealLog) -> None:
    raw = (log.folder / "BX-Users.csv").read_bytes()
    assert b'"275081";"cernusco s\n, milan, italy";NULL' in raw
    people = log.clean.users
    (user,) = people.filter(user="275081").rows(named=True)
    assert (user["state"], user["country"], user["age"]) == ("milano", "italy", None)
    assert people.filter(user="275082").height == 1
    assert people.height == people["user"].n_unique() == USERS


def test_features_are_known_or_wrong_for_a_reason(log: RealLog) -> None:
    assert log.features() == [
        "state: 261,198 of 278,858 known, 5,621 values; 17,343 blank; 317 not a name in letters",
        "country: 274,182 of 278,858 known, 556 values; 4,620 blank; 56 not a name in letters",
        "age: 166,661 of 278,858 known, 91 values; 110,762 blank; "
        "1,435 not a number from 10 to 100",
        "year: 50,374 of 83,453 known, 80 values; 33,073 blank; 6 not a year from 1800 to 2005",
        "publisher: 51,002 of 83,453 known, 5,301 values; 32,451 blank",
    ]
    assert log.clean.users["problem"].null_count() == log.clean.report.sound_users == 154_877


def test_a_user_is_sound_exactly_when_every_feature_is_known(log: RealLog) -> None:
    known = pl.all_horizontal(pl.col("state", "country", "age").is_not_null())
    assert log.clean.users.filter(known != pl.col("problem").is_null()).is_empty()


def test_filters_first_every_user_is_accounted_for(filters_first: Split) -> None:
    summary = filters_first.summary
    assert summary.users_dropped == {
        "no interactions": USERS - RATED,
        "fewer than 5 interactions": 25_705,
        "age is blank": 21_901,
        "state is blank": 2_660,
        COLDEST: 1_467,
        "country is blank": 507,
        "age is not a number from 10 to 100": 270,
        "state is not a name in letters": 11,
        "country is not a name in letters": 3,
    }
    assert (summary.users, summary.interactions, summary.items) == (5_864, 59_884, 29_828)
    assert summary.clean_users == USERS == summary.users + sum(summary.users_dropped.values())
    assert summary.users_by_fold == {"train": 4_105, "validation": 586, "test": 1_173}


def test_literally_every_user_is_accounted_for(literal: Split) -> None:
    summary = literal.summary
    assert summary.users_dropped == {
        "no interactions": USERS - RATED,
        "age is blank": 18_869,
        "fewer than 2 interactions": 17_512,
        COLDEST: 11_678,
        "state is blank": 2_156,
        "country is blank": 384,
        "age is not a number from 10 to 100": 199,
        "state is not a name in letters": 9,
        "country is not a name in letters": 3,
    }
    assert summary.users_dropped[COLDEST] == RATED - RATED * 4 // 5
    assert (summary.users, summary.interactions, summary.items) == (7_578, 19_339, 11_959)
    assert summary.clean_users == USERS == summary.users + sum(summary.users_dropped.values())
    assert summary.users_by_fold == {"train": 5_305, "validation": 757, "test": 1_516}


@pytest.mark.parametrize("rules", ["filters_first", "literal"])
def test_kept_and_dropped_users_are_all_clean_users_once(
    rules: str, log: RealLog, request: pytest.FixtureRequest
) -> None:
    split: Split = request.getfixturevalue(rules)
    both = pl.concat([split.users["user"], split.dropped["user"]])
    assert both.sort().equals(log.clean.users["user"].sort())


def test_literally_every_user_has_2_to_4_ratings_and_is_judged_on_one(literal: Split) -> None:
    counts = row_counts(literal).group_by("rows", "query").len("users").sort("rows")
    assert counts.rows() == [(2, 1, 4_322), (3, 1, 2_329), (4, 1, 927)]


def test_filters_first_every_user_has_at_least_5_ratings(filters_first: Split) -> None:
    counts = row_counts(filters_first)
    rows = counts["rows"]
    assert (rows.min(), rows.median(), rows.max()) == (5, 8, 26)
    assert (counts["query"] == (rows * 0.2 + 0.5).floor()).all()


def test_major_users_have_all_three_common_values(filters_first: Split, literal: Split) -> None:
    assert filters_first.summary.users_by_group == {"major": 3_698, "minor": 2_166}
    assert literal.summary.users_by_group == {"major": 4_443, "minor": 3_135}


def test_both_rules_are_of_the_same_clean_log(log: RealLog, literal_log: RealLog) -> None:
    assert literal_log.clean.report == log.clean.report
    assert literal_log.clean.users.equals(log.clean.users)
    assert literal_log.clean.interactions.equals(log.clean.interactions)


def test_every_rating_and_book_is_encoded(
    encoded: EncodedSplit, log: RealLog, filters_first: Split
) -> None:
    assert len(encoded.catalogue) == encoded.items.height == log.clean.items.height
    assert int(encoded.catalogue.codes.min()) == 1
    folds = [encoded.folds[fold] for fold in FOLDS]
    assert [len(f) for f in folds] == [4_105, 586, 1_173]
    targets = [fold.all_rows()[1] for fold in folds]
    assert sum(len(t) for t in targets) == 59_884
    total = filters_first.interactions["target"].cast(pl.Int64).sum()
    assert sum(int(t.sum()) for t in targets) == total
    assert int((encoded.folds["train"].codes == 0).sum()) == 0
