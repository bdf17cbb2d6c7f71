"""Table 6: a run's datasets beside the paper's."""

import csv
import io

import pytest

from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.datasets import table_6
from pipeline_lib.reporting.tables.latex import latex
from pipeline_lib.reporting.tables.table import DASH, MINUS
from pipeline_lib.reporting.tables.write import markdown, to_csv
from tests.reporting.small_data import small_report
from tests.reporting.tables.test_methods import SAMPLE, lines

PROTOCOL = (
    "protocol: the 80 % of users with fewest interactions, of 2 or more interactions; 20 % of a "
    "user's rows query, drawn"
)
LITERAL = "BookCrossing, the paper's rule to the letter"


@pytest.fixture
def reports() -> list[DataReport]:
    return [
        small_report(clean_items=3883),
        small_report(dataset="bookcrossing-literal", title=LITERAL),
        small_report(dataset="mine", title="My log", features_left_out=[]),
    ]


@pytest.mark.parametrize(
    ("dataset", "users", "items", "item_features", "user_features", "major"),
    [
        ("movielens", 4832, 3883, 3, 4, 65),
        ("bookcrossing", 7827, 185973, 2, 3, 72),
        ("taobao", 6591, 45067, 9, 6, 71),
    ],
)
def test_the_papers_figures(
    paper: PaperResults,
    dataset: str,
    users: int,
    items: int,
    item_features: int,
    user_features: int,
    major: int,
) -> None:
    printed = paper.table_6[dataset]
    assert (printed.users, printed.items, printed.major_percent) == (users, items, major)
    assert len(printed.item_features) == item_features
    assert len(printed.user_features) == user_features


def test_table_6(reports: list[DataReport], paper: PaperResults) -> None:
    rows = lines(table_6(reports, paper))
    assert rows["Dataset"] == [
        *("Users", "paper", "diff.", "Items", "paper", "diff.", "met"),
        *("Interactions", "per user", "query"),
        *("Features", "paper", "Major : minor", "paper", "diff."),
    ]
    assert rows["movielens"] == [
        *("3", "4,832", f"{MINUS}4,829", "3,883", "3,883", "+0", "3"),
        *("7", "2", "1"),
        *("2 + 2", "3 + 4", "66.7 : 33.3", "65 : 35", "+1.7"),
    ]
    assert rows["bookcrossing-literal"] == [
        *("3", "7,827", f"{MINUS}7,824", "4", "185,973", f"{MINUS}185,969", "3"),
        *("7", "2", "1"),
        *("2 + 2", "2 + 3", "66.7 : 33.3", "72 : 28", f"{MINUS}5.3"),
    ]
    assert rows["mine"] == [
        *("3", DASH, DASH, "4", DASH, DASH, "3"),
        *("7", "2", "1"),
        *("2 + 2", DASH, "66.7 : 33.3", DASH, DASH),
    ]


def test_a_difference_that_rounds_to_nothing_has_no_minus(paper: PaperResults) -> None:
    report = small_report(users=100_000, users_by_group={"major": 64_999, "minor": 35_001})
    row = lines(table_6([report], paper))["movielens"]
    assert row[-3:] == ["65.0 : 35.0", "65 : 35", "+0.0"]


def test_rows_stand_under_no_heading(reports: list[DataReport], paper: PaperResults) -> None:
    table = table_6(reports, paper)
    assert len([x for x in markdown(table).splitlines() if x.startswith("|")]) == 2 + len(reports)
    assert r"\multicolumn" not in latex(table)


def test_notes(reports: list[DataReport], paper: PaperResults) -> None:
    counted, source, movielens, _, mine = table_6(reports, paper).notes
    assert "Items: the catalogue, that is all clean items; met: those that users kept" in counted
    assert source == (
        f"paper: Yu et al. (2021), Table 6. diff.: ours {MINUS} the paper's; of major, in "
        "percentage points."
    )
    assert movielens == (
        f"movielens: MovieLens-1M; items' features genre, rate; users' gender, age; {PROTOCOL}; "
        "split 0123456789ab. In the paper: items' features genre, director, actor; users' gender, "
        "age, occupation, zip code."
    )
    assert mine == (
        f"mine: My log; items' features genre, rate; users' gender, age; {PROTOCOL}; split "
        "0123456789ab."
    )


def test_half_a_median_is_shown(paper: PaperResults) -> None:
    report = small_report()
    kept = report.per_user.kept.model_copy(update={"median": 1234.5})
    per_user = report.per_user.model_copy(update={"kept": kept})
    rows = lines(table_6([small_report(per_user=per_user)], paper))
    assert rows["movielens"][8] == "1,234.5"


def test_a_private_log_is_noted(paper: PaperResults) -> None:
    table = table_6([small_report(dataset="taobao", title="Ads")], paper)
    assert table.notes[-1].endswith(
        "ctr·cvr·price; users' gender, age, occupation, zip code, state, country. The paper's log "
        "is private; ours is another, so the two do not compare."
    )


def test_none_in_the_paper(paper: PaperResults) -> None:
    table = table_6([small_report(dataset="mine")], paper)
    assert "paper" not in [column.header for column in table.columns]
    assert not any("Yu et al." in note for note in table.notes)


def test_sample_data_stands_alone(reports: list[DataReport], paper: PaperResults) -> None:
    generated = [report.model_copy(update={"sample": True}) for report in reports]
    table = table_6(generated, paper)
    assert table.file_title == f"{SAMPLE}. The datasets (the paper's Table 6)"
    assert table.file_notes[0] == f"{SAMPLE}."
    assert "paper" not in [column.header for column in table.columns]
    assert not any("In the paper" in note for note in table.notes)


def test_csv(reports: list[DataReport], paper: PaperResults) -> None:
    movielens, literal, mine = csv.DictReader(io.StringIO(to_csv(table_6(reports, paper))))
    assert list(movielens)[:3] == ["sample", "dataset", "users"]
    assert (movielens["dataset"], literal["dataset"]) == ("movielens", "bookcrossing-literal")
    assert (movielens["users"], movielens["paper_users"]) == ("3", "4832")
    assert (movielens["items"], movielens["items_met"]) == ("3883", "3")
    assert movielens["item_features"] == "genre, rate"
    assert movielens["paper_item_features"] == "genre, director, actor"
    assert float(movielens["interactions_per_user_median"]) == 2
    assert float(movielens["major_share"]) == pytest.approx(2 / 3)
    assert (literal["paper_major_share"], mine["paper_major_share"]) == ("0.72", "")
    assert (movielens["users_difference"], literal["items_difference"]) == ("-4829", "-185969")
    assert float(movielens["major_share_difference"]) == pytest.approx(2 / 3 - 0.65)
    assert (mine["users_difference"], mine["major_share_difference"]) == ("", "")


def test_latex(reports: list[DataReport], paper: PaperResults) -> None:
    taobao = small_report(dataset="taobao", title="Ads")
    text = latex(table_6([*reports, taobao], paper))
    assert text.isascii()
    assert (
        r"movielens & 3 & 4,832 & $-$4,829 & 3,883 & 3,883 & +0 & 3 & 7 & 2 & 1 & 2 + 2 & 3 + 4 & "
    ) in text
    assert r"ctr$\cdot$cvr" in text
    assert "?" not in text
