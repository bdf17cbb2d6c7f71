"""The run's page in a browser: loads nothing, fits phones and paper, is legible in the dark."""

import base64
import io
import unicodedata
from pathlib import Path

import pytest
from pypdf import PdfReader
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from pipeline_lib.reporting.page.data import data_page
from pipeline_lib.reporting.page.report import RunReport
from tests.reporting.page.chromium import addresses, read_log, show
from tests.reporting.page.small_run import shown_tables

pytestmark = pytest.mark.slow

UPRIGHT, ACROSS = 688, 1017  # pixels between the margins of A4
OPEN_ALL = "document.querySelectorAll('details').forEach((fold) => (fold.open = true));"
TOO_WIDE = """
return [...document.querySelectorAll("table, pre, img, svg")]
  .filter((part) => (part.closest(".sheets") !== null) === arguments[0])
  .filter((part) => part.getBoundingClientRect().right > innerWidth + 1)
  .map((part) => part.outerHTML.slice(0, 80));
"""
PALE = """
const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = (colour) => {
  const [r, g, b] = parts(colour).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (part) => {
  const colour = getComputedStyle(part).backgroundColor;
  return (parts(colour)[3] ?? 1) > 0 || !part.parentElement ? colour : behind(part.parentElement);
};
const written = (part) => [...part.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
const found = [];
let number = 0;
for (const part of document.body.querySelectorAll("*")) {
  if (!written(part) || !part.checkVisibility() || part.closest("svg, script")) continue;
  const [high, low] = [getComputedStyle(part).color, behind(part)].map(light).sort((a, b) => b - a);
  number += 1;
  if ((high + 0.05) / (low + 0.05) < 4.5) found.push(part.outerHTML.slice(0, 80));
}
return [number, found];
"""


def overflow(driver: Chrome) -> int:
    script = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
    return int(driver.execute_script(script))


def squeezed(text: str) -> str:
    """Leave out white space and ligatures."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def test_opens_without_a_complaint_and_asks_for_nothing(driver: Chrome, file: Path) -> None:
    show(driver, file)
    assert read_log(driver, "browser") == []
    asked = addresses(driver)
    assert asked[0] == file.as_uri()
    assert len(asked) > 1
    assert all(address.startswith("data:") for address in asked[1:])


def test_no_other_script_runs_and_no_other_image_is_loaded(driver: Chrome, file: Path) -> None:
    show(driver, file)
    addresses(driver)
    driver.execute_script(
        "const script = document.createElement('script');"
        "script.textContent = 'window.ran = true';"
        "const image = new Image();"
        "image.src = 'http://localhost:9/secret.png';"
        "document.body.append(script, image);",
    )
    assert driver.execute_script("return window.ran") is None
    assert len(read_log(driver, "browser")) == 2
    assert addresses(driver) == []


def test_images_are_drawn(driver: Chrome, file: Path) -> None:
    show(driver, file)
    widths = driver.execute_script("return [...document.images].map((image) => image.naturalWidth)")
    assert widths == [30, 30]
    assert all(image.get_attribute("alt") for image in driver.find_elements(By.TAG_NAME, "img"))


@pytest.mark.parametrize("width", [320, 360, 768, 1280, 1600])
def test_the_page_is_as_wide_as_the_window(driver: Chrome, file: Path, width: int) -> None:
    show(driver, file, width)
    driver.execute_script(OPEN_ALL)
    assert overflow(driver) == 0


@pytest.mark.parametrize(("width", "lying"), [(UPRIGHT, False), (ACROSS, True)])
def test_nothing_is_cut_on_paper(driver: Chrome, file: Path, width: int, lying: bool) -> None:
    show(driver, file, width, media="print")
    assert driver.execute_script(TOO_WIDE, lying) == []


def test_paper_has_all_that_is_folded_on_screen(
    driver: Chrome, file: Path, report: RunReport
) -> None:
    show(driver, file, scheme="dark")
    options = {"preferCSSPageSize": True, "printBackground": True}
    printed = driver.execute_cdp_cmd("Page.printToPDF", options)["data"]
    sheets = PdfReader(io.BytesIO(base64.b64decode(printed))).pages
    text = "".join(squeezed(sheet.extract_text()) for sheet in sheets)
    for _, table in shown_tables(report):
        for block in table.blocks:
            for row in block.rows:
                for words in (row.label, *(cell.text for cell in table.cells(row))):
                    assert squeezed(words) in text
    for words in ("seeds:[0,1,2]", "Whyrowswererejected", "line10row0", "seed-2"):
        assert words in text
    sizes = {(round(sheet.mediabox.width), round(sheet.mediabox.height)) for sheet in sheets}
    assert sizes == {(595, 842), (842, 595)}


def test_paper_is_white_in_the_dark_too(driver: Chrome, file: Path) -> None:
    show(driver, file, scheme="dark", media="print")
    paper = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_stands_out(driver: Chrome, file: Path, scheme: str) -> None:
    show(driver, file, scheme=scheme)
    driver.execute_script(f"{OPEN_ALL} location.hash = 'movielens.runs.melu';")
    driver.find_element(By.CSS_SELECTOR, "td > button").click()
    number, pale = driver.execute_script(PALE)
    assert number > 1000
    assert pale == []
    page = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (page == "rgb(255, 255, 255)") is (scheme == "light")


def test_no_two_parts_share_an_id(driver: Chrome, file: Path) -> None:
    show(driver, file)
    ids = driver.execute_script(
        "return [...document.querySelectorAll('[id]')].map((part) => part.id)"
    )
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_data_report_opens_by_itself(
    driver: Chrome, report: RunReport, tmp_path: Path, scheme: str
) -> None:
    file = tmp_path / "data_report.html"
    file.write_text(data_page(report.datasets[0].data), encoding="utf-8")
    show(driver, file, 360, scheme)
    driver.execute_script(OPEN_ALL)
    assert read_log(driver, "browser") == []
    assert addresses(driver) == [file.as_uri()]
    assert overflow(driver) == 0
    assert driver.execute_script(PALE)[1] == []
