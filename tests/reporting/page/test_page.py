"""The run's page: whole, escaped, self-contained, and held to its own script."""

import re
from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.page.page import run_page
from pipeline_lib.reporting.page.report import LARGEST_CSV, RunReport
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.table import SAMPLE
from tests.reporting.page.parsed import Page
from tests.reporting.page.small_run import HOSTILE, small_figure, small_run


def test_tags_close_ids_are_unique_and_links_lead_to_them(page: Page) -> None:
    assert page.open == []
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    links = [link for link in page.values("href") if link and link.startswith("#")]
    assert len(links) > 20
    assert {link[1:] for link in links} <= {*ids}
    assert {*page.values("aria-labelledby")} <= {*ids}


def test_one_script_runs_and_nothing_is_loaded(html: str, page: Page) -> None:
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL)
    assert len(scripts) == 1
    digest = b64encode(sha256(scripts[0].encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert policy in page.values("content")
    assert {"iframe", "object", "embed", "base", "form"}.isdisjoint(page.tags)
    sources = page.values("src") + page.values("href") + page.values("xlink:href")
    assert all(source and source.startswith(("#", "data:")) for source in sources)
    addresses = set(re.findall(r"https?://[^\s\"'<]+", html))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "@import" not in html
    assert set(re.findall(r"url\((.)", html)) <= {"#"}


def test_every_text_is_escaped(
    report: RunReport, compared: Comparison, paper: PaperResults, tmp_path: Path
) -> None:
    first, *others = compared.methods
    odd = compared.model_copy(
        update={
            "title": HOSTILE,
            "methods": [first.model_copy(update={"label": HOSTILE}), *others],
        }
    )
    texts = {HOSTILE: HOSTILE}
    part = small_run([odd], paper, tmp_path).datasets[0]
    training = part.trainings[0]
    odd_training = replace(
        training,
        folder=HOSTILE,
        record=training.record.model_copy(
            update={"device": HOSTILE, "code": HOSTILE, "environment": texts}
        ),
    )
    odd_part = replace(
        part,
        figures=[replace(part.figures[0], name=HOSTILE, caption=HOSTILE)],
        trainings=[odd_training, *part.trainings[1:]],
        missing=[HOSTILE],
    )
    odd_report = replace(
        report, datasets=[odd_part], name=HOSTILE, settings=texts, missing=[HOSTILE]
    )
    page = Page(run_page(odd_report))
    assert page.tags.count("script") == 1
    assert page.tags.count("img") == 1
    assert page.text.count(HOSTILE) >= 25
    assert not any(name.startswith("on") for name, _ in page.attributes)
    assert page.open == []


def test_sample_data_are_labelled_once_for_all(
    compared: Comparison, paper: PaperResults, html: str, tmp_path: Path
) -> None:
    sample = compared.model_copy(update={"sample": True})
    labelled = Page(run_page(replace(small_run([sample], paper, tmp_path), sample=True))).words
    assert labelled.count(SAMPLE) == 1
    assert "sample data" in labelled
    assert SAMPLE not in html


def test_images_and_small_tables_of_numbers_are_in_the_page(
    report: RunReport, page: Page, tmp_path: Path
) -> None:
    images = [v for v in page.values("src") if v]
    figures = [figure for part in report.datasets for figure in part.figures]
    assert len(images) == len(figures) == 2
    for image, figure in zip(images, figures, strict=True):
        assert b64decode(image.removeprefix("data:image/png;base64,")) == figure.png.read_bytes()
        assert page.words.count(figure.caption) == 2
    files = [v for v in page.values("href") if v and v.startswith("data:text/csv")]
    assert [b64decode(v.split(",")[1]) for v in files] == [f.csv.read_bytes() for f in figures]
    assert page.values("download") == [
        f"{part.comparison.dataset}-{figure.csv.name}"
        for part in report.datasets
        for figure in part.figures
    ]
    assert [figure.size for figure in figures] == [(30, 20)] * 2


@pytest.mark.parametrize(("rows", "is_in"), [(LARGEST_CSV // 10, True), (20_001, False)])
def test_large_tables_of_numbers_are_named_instead(
    report: RunReport, tmp_path: Path, rows: int, is_in: bool
) -> None:
    figure = small_figure(tmp_path / "many", rows)
    assert (figure.numbers is not None) is is_in
    part = replace(report.datasets[0], figures=[figure])
    words = Page(run_page(replace(report, datasets=[part]))).words
    assert (f"Numbers: {figure.csv.as_posix()}" in words) is not is_in
    assert ("Numbers (CSV)" in words) is is_in


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    figure = small_figure(tmp_path / "odd", 1)
    figure.png.write_text("<svg/>")
    with pytest.raises(ValueError, match=r"odd\.png is no PNG file"):
        _ = figure.size


def test_says_what_is_missing_and_how_it_was_set(report: RunReport, page: Page) -> None:
    assert "Not made, and why Table 9: there is none." in page.words
    assert "config/paper.yaml seeds: [0, 1, 2]" in page.words
    gone = replace(report.datasets[1], missing=["No learning curves."], figures=[])
    page = Page(run_page(replace(report, datasets=[gone])))
    assert "Not made, and why No learning curves." in page.words
    assert "#taobao.figures" not in page.values("href")


def test_is_the_same_every_time(report: RunReport, html: str) -> None:
    assert run_page(report) == html
