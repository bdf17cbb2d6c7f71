"""A headless Chromium that pages are opened in, as a screen of some width or as paper."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """Start Debian's Chromium; fail, and say what to install, where there is none."""
    found = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    if None in found.values():
        pytest.fail("no chromium and chromedriver; install Debian's chromium and chromium-driver")
    options = ChromeOptions()
    options.binary_location = str(found["chromium"])
    for argument in (*ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(str(found["chromedriver"])))
    try:
        yield driver
    finally:
        driver.quit()


def show(
    driver: Chrome, page: Path, width: int = 1280, scheme: str = "light", media: str = ""
) -> None:
    """Open a page, with no log left of the one before; media: `print` to look at it as paper."""
    driver.get("about:blank")
    for log in ("browser", "performance"):
        read_log(driver, log)
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    driver.get(page.as_uri())


def addresses(driver: Chrome) -> list[str]:
    """List what was asked of the network or the disk since the last call, and let through."""
    events = [json.loads(entry["message"])["message"] for entry in read_log(driver, "performance")]
    asked = {
        event["params"]["requestId"]: event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }
    for event in events:
        if event["params"].get("blockedReason") == "csp":
            del asked[event["params"]["requestId"]]
    return list(asked.values())


def read_log(driver: Chrome, name: str) -> list[Any]:
    """Take what a log of the browser's has gained since the last call."""
    found: list[Any] = driver.get_log(name)  # type: ignore[no-untyped-call]
    return found


def tap(driver: Chrome, element: WebElement) -> None:
    """Touch the middle of an element with one finger."""
    driver.execute_script("arguments[0].scrollIntoView({ block: 'center' })", element)
    corner = driver.execute_script("return arguments[0].getBoundingClientRect()", element)
    middle = {"x": corner["x"] + corner["width"] / 2, "y": corner["y"] + corner["height"] / 2}
    for what, points in (("touchStart", [middle]), ("touchEnd", [])):
        driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": what, "touchPoints": points})
