"""The data report's page: escaped, self-contained, whole."""

import re
from html import unescape

import pytest

from pipeline_lib.partition.summary import ColdBorder, NegativeCount
from pipeline_lib.reporting.data_report.record import Coverage, FeatureValues, FileRows
from pipeline_lib.reporting.page.data import data_page
from pipeline_lib.reporting.tables.table import SAMPLE
from pipeline_lib.settings.partition import Negatives, Partition
from pipeline_lib.settings.task import ClickTask
from tests.reporting.page.parsed import Page
from tests.reporting.small_data import rejects, small_report


@pytest.fixture(scope="module")
def html() -> str:
    return data_page(small_report())


def test_tags_close_and_ids_are_unique(html: str) -> None:
    page = Page(html)
    assert page.open == []
    ids = page.values("id")
    assert ids
    assert len(set(ids)) == len(ids)


def test_raw_text_is_escaped_and_made_visible(html: str) -> None:
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;" in html
    assert r"\x1b\u202exxx" in html
    assert "\x1b" not in html
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in html


def test_every_other_text_is_escaped_too() -> None:
    bad = "<script>"
    coverage = Coverage(rows=1, known=0, values=0)
    feature = FeatureValues(name=bad, kind=bad, clean=coverage, kept=coverage, problems={bad: 1})
    file = FileRows(file=bad, read=0, kept=0, rejected=0, reasons=[])
    report = small_report(
        title=bad,
        licence=bad,
        files=[file],
        user_features=[feature],
        item_features=[feature],
        computed_features=[bad],
        features_left_out=[bad],
    )
    html = data_page(report)
    assert bad not in html
    assert "script" not in Page(html).tags
    assert html.count("&lt;script&gt;") >= 12


def test_users_drawn_at_the_cold_border_are_counted(html: str) -> None:
    said = (
        "Of 1,815 users with 50 interactions at the border of the share with fewest, 1,436 are "
        "among it, drawn by the split seed."
    )
    border = ColdBorder(interactions=50, users=1815, kept=1436)
    assert said in data_page(small_report(cold_border=border))
    assert "drawn by the split seed" not in html


def test_rows_without_a_click_that_were_drawn_are_counted(html: str) -> None:
    count, rules = NegativeCount(drawn=5120, missing=8, short_users=3), Negatives(by="popularity")
    report = small_report(negatives=count, rules=Partition(negatives=rules))
    said = " ".join(data_page(report).split())
    assert (
        "drew 5,120 rows without a click, of items that the user does not have, 4 for each" in said
    )
    assert "for each click by popularity among training users." in said
    assert "3 users have too many of the items: 8 rows are missing." in said
    assert "without a click" not in html


def test_the_protocol_and_what_it_left_out_are_said(html: str) -> None:
    assert "Protocol: the 80 % of users with fewest interactions, of 2 or more" in html
    rules = {"cold_share": 1, "query": {"rows": 1}, "parts_by": "time", "learn_from": "everyone"}
    report = small_report(
        rules=Partition.model_validate(rules), protocol_notes=["7 rows left out: some reason"]
    )
    said = " ".join(unescape(data_page(report)).split())
    assert (
        "Protocol: users, of 2 or more interactions; of a user's rows 1 query, the others support, "
        "support before query; more active users learned from, not judged on. 7 rows left out: "
        "some reason." in said
    )


def test_needs_nothing_beside_it(html: str) -> None:
    page = Page(html)
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(page.tags)
    links = [v for k, v in page.attributes if k in {"src", "href", "xlink:href", "srcset"}]
    assert all(link and link.startswith("#") for link in links)
    assert "@import" not in html
    assert set(re.findall(r"url\((.)", html)) <= {"#"}
    addresses = set(re.findall(r"https?://[^\s\"'<]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not any(name.startswith("on") for name, _ in page.attributes)


def test_figures_take_the_pages_colours(html: str) -> None:
    figures = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(figures) == 2
    for figure in figures:
        assert "#0" not in figure
        assert "var(--kept)" in figure
        assert "var(--ink)" in figure
    assert "prefers-color-scheme: dark" in html


def test_is_the_same_every_time(html: str) -> None:
    assert data_page(small_report()) == html


def test_says_what_the_record_does() -> None:
    html = data_page(small_report(clean_interactions=1_234_567))
    text = Page(html).words
    assert "interactions of 1,234,567 clean" in text
    cells = "".join(f"<td>{cell}</td>" for cell in ("20", "12", "8", "40 %"))
    assert f'<th scope="row">ratings.dat</th>{cells}' in html
    assert "line 14" in text
    assert "line 15" not in text
    assert "1 clean users with fewer than 2 interactions; 1 clean users with 4 or more" in text
    assert "Left out, since no file here has them: director." in text
    assert "1 of the clean items stand in no file of items" in text


@pytest.mark.parametrize("sample", [True, False])
def test_sample_data_is_labelled(sample: bool) -> None:
    assert (SAMPLE in data_page(small_report(sample=sample))) is sample


def test_nothing_rejected() -> None:
    html = data_page(small_report(rejects(0)))
    assert "No row was rejected." in html
    assert "details" not in Page(html).tags


def test_clicks() -> None:
    assert ">click<" in data_page(small_report(task=ClickTask()))


def test_a_few_are_not_none_and_nearly_all_not_all() -> None:
    shares = {0: "0 %", 1: "0.1 %", 99_999: "99.9 %", 100_000: "100 %"}
    files = [
        FileRows(file="f", read=100_000, kept=100_000 - rejected, rejected=rejected, reasons=[])
        for rejected in shares
    ]
    html = data_page(small_report(files=files))
    for rejected, shown in shares.items():
        assert f"<td>{rejected:,}</td><td>{shown}</td>" in html
