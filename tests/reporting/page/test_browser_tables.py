"""Tables in a browser: sorted and asked for their runs, by mouse, by finger and by keyboard."""

from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from pipeline_lib.metrics.registry import find_metric
from pipeline_lib.reporting.page.page import run_page
from pipeline_lib.reporting.page.report import RunReport
from pipeline_lib.reporting.tables.columns import sources_of
from pipeline_lib.reporting.tables.table import Block, Cell, Row, Table, TableColumn
from tests.reporting.page.chromium import show, tap

pytestmark = pytest.mark.slow

# What is printed would sort otherwise: as text, or rounded, or with a minus sign.
VALUES = {"melu": 1e-7, "transfer": None, "at-paml": 10.04, "reg-paml": -9.5, "paml": 10.0}
PRINTED = {"melu": "0.0", "transfer": "—", "at-paml": "10.0", "reg-paml": "−9.5", "paml": "10.0"}
BLOCKS = {"Baselines": ["melu", "transfer"], "Proposed": ["at-paml", "reg-paml", "paml"]}
SORTED = {
    "ascending": (["melu", "transfer"], ["reg-paml", "paml", "at-paml"]),
    "descending": (["melu", "transfer"], ["at-paml", "paml", "reg-paml"]),
    None: (["melu", "transfer"], ["at-paml", "reg-paml", "paml"]),
}
THROUGH = {
    "ascending": ["reg-paml", "melu", "paml", "at-paml", "transfer"],
    "descending": ["at-paml", "paml", "melu", "reg-paml", "transfer"],
}


@pytest.fixture
def odd(report: RunReport, tmp_path: Path) -> Path:
    """A page whose first table has negative, missing and nearly equal numbers."""
    part = report.datasets[0]
    cells = {name: Cell(PRINTED[name], (value, "a")) for name, value in VALUES.items()}
    behind = sources_of(part.comparison.methods, [find_metric("mse")])
    table = Table(
        dataset="movielens",
        sample=False,
        title="Odd numbers",
        columns=(
            TableColumn("MSE", ("mse_mean", "x"), cells, behind),
            TableColumn("text", ("y",), {n: Cell(f"v{9 + len(n)}", ("z",)) for n in VALUES}),
        ),
        blocks=tuple(
            Block(title, title, tuple(Row(name, name) for name in names))
            for title, names in BLOCKS.items()
        ),
        notes=(),
    )
    file = tmp_path / "odd.html"
    datasets = [replace(part, tables=[table, *part.tables]), *report.datasets[1:]]
    file.write_text(run_page(replace(report, datasets=datasets)), encoding="utf-8")
    return file


def first_table(driver: Chrome) -> WebElement:
    return driver.find_element(By.ID, "movielens.table.1")


def labels(driver: Chrome) -> list[list[str]]:
    script = (
        "return [...arguments[0].tBodies].map((body) => [...body.rows]"
        ".filter((row) => !row.hidden).map((row) => row.cells[0].textContent.trim()))"
    )
    found: list[list[str]] = driver.execute_script(script, first_table(driver))
    return found


def order(driver: Chrome) -> list[list[str]]:
    return [[label for label in block if label not in BLOCKS] for block in labels(driver)]


def heading(driver: Chrome, place: int) -> WebElement:
    return first_table(driver).find_elements(By.CSS_SELECTOR, "thead button")[place]


def direction(driver: Chrome, place: int) -> str | None:
    cell = first_table(driver).find_elements(By.CSS_SELECTOR, "thead th")[place]
    return cell.get_dom_attribute("aria-sort")


@pytest.mark.parametrize("key", [None, Keys.ENTER, Keys.SPACE])
def test_sorts_each_block_by_unrounded_numbers(driver: Chrome, odd: Path, key: str | None) -> None:
    show(driver, odd)
    for expected in ("ascending", "descending", None):
        button = heading(driver, 1)
        if key is None:
            button.click()
        else:
            button.send_keys(key)
        assert direction(driver, 1) == expected
        assert order(driver) == [*SORTED[expected]]
        assert [block[0] for block in labels(driver)] == [*BLOCKS]


def test_another_column_starts_anew_and_names_sort_as_text(driver: Chrome, odd: Path) -> None:
    show(driver, odd)
    heading(driver, 1).click()
    heading(driver, 2).click()
    assert (direction(driver, 1), direction(driver, 2)) == (None, "ascending")
    assert order(driver) == [["melu", "transfer"], ["paml", "at-paml", "reg-paml"]]
    heading(driver, 0).click()
    heading(driver, 0).click()
    assert order(driver) == [["transfer", "melu"], ["reg-paml", "paml", "at-paml"]]


def test_sorts_across_blocks_and_gives_them_back(driver: Chrome, odd: Path) -> None:
    show(driver, odd)
    box = driver.find_element(By.CSS_SELECTOR, ".across input")
    box.send_keys(Keys.SPACE)
    assert labels(driver) == [["Baselines", *SORTED[None][0]], ["Proposed", *SORTED[None][1]]]
    for expected in ("ascending", "descending"):
        heading(driver, 1).click()
        assert labels(driver) == [THROUGH[expected], []]
    row = first_table(driver).find_element(By.CSS_SELECTOR, "tbody tr:not([hidden]) th")
    assert row.get_dom_attribute("data-group") == "Proposed"
    box.click()
    assert order(driver) == [*SORTED["descending"]]
    assert [block[0] for block in labels(driver)] == [*BLOCKS]


def tip(driver: Chrome) -> str | None:
    """Read the note where it is shown, whole and within the window."""
    note = driver.find_element(By.CSS_SELECTOR, "[role=tooltip]")
    if not note.is_displayed():
        return None
    box, width = note.rect, driver.execute_script("return document.documentElement.clientWidth")
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    described = driver.find_elements(
        By.CSS_SELECTOR, f"[aria-describedby='{note.get_dom_attribute('id')}']"
    )
    assert len(described) == 1
    return note.text


MELU = "MeLU, MSE\nseed 0: 1.25\nseed 1: 1.5\nseed 2: 1.75"


def test_a_mouse_shows_the_seeds_values(driver: Chrome, odd: Path) -> None:
    show(driver, odd)
    button = first_table(driver).find_element(By.CSS_SELECTOR, "td > button")
    ActionChains(driver).move_to_element(button).perform()
    assert tip(driver) == MELU
    ActionChains(driver).move_to_element(driver.find_element(By.TAG_NAME, "h1")).perform()
    assert tip(driver) is None


def test_a_finger_shows_them_on_a_phone(driver: Chrome, odd: Path) -> None:
    show(driver, odd, 360)
    button = first_table(driver).find_element(By.CSS_SELECTOR, "td > button")
    tap(driver, button)
    assert tip(driver) == MELU


def test_the_keyboard_goes_from_cell_to_cell(driver: Chrome, odd: Path) -> None:
    show(driver, odd)
    table = first_table(driver)
    stops = table.find_elements(By.CSS_SELECTOR, "td > button:not([tabindex='-1'])")
    assert len(stops) == 1
    heading(driver, 2).send_keys(Keys.TAB * 2)  # past the first row's link
    assert tip(driver) == MELU
    for key, label in (
        (Keys.ARROW_DOWN, "AT-PAML, MSE"),  # over the dash and the block's title
        (Keys.ARROW_DOWN, "REG-PAML, MSE"),
        (Keys.ARROW_UP, "AT-PAML, MSE"),
        (Keys.ARROW_LEFT, "AT-PAML, MSE"),
        (Keys.ARROW_UP, "MeLU, MSE"),
        (Keys.ARROW_UP, "MeLU, MSE"),
    ):
        driver.switch_to.active_element.send_keys(key)
        assert (tip(driver) or "").startswith(f"{label}\n")
    driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert tip(driver) is None


def marked(driver: Chrome, first: str) -> list[WebElement]:
    """Wait until a training is marked, and find all that are."""
    WebDriverWait(driver, 5).until(
        lambda _: driver.find_elements(By.CSS_SELECTOR, f"[id='{first}'].sought")
    )
    return driver.find_elements(By.CSS_SELECTOR, ".sought")


def test_a_methods_link_marks_its_trainings(driver: Chrome, odd: Path) -> None:
    show(driver, odd)
    first_table(driver).find_element(By.LINK_TEXT, "at-paml").send_keys(Keys.ENTER)
    rows = marked(driver, "movielens.runs.at-paml")
    assert [row.text.split()[:2] for row in rows] == [["AT-PAML", str(seed)] for seed in range(3)]
    is_seen = (
        "const box = arguments[0].getBoundingClientRect();"
        "return box.top >= 0 && box.bottom <= innerHeight"
    )
    assert driver.execute_script(is_seen, rows[0])
    driver.get(f"{odd.as_uri()}#taobao.runs.melu")
    assert len(marked(driver, "taobao.runs.melu")) == 3
