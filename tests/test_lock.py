"""The lock pins everything that is installed, by name and version alone."""

import re
from importlib.metadata import distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

LOCK = Path(__file__).parents[1] / "constraints.txt"
LINES = LOCK.read_text(encoding="utf-8").splitlines()


def key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


PINNED = {key(name): version for name, version in (line.split("==") for line in LINES)}


def needed(name: str, extras: frozenset[str], seen: set[str]) -> set[str]:
    """Collect what a package needs here, and what that needs."""
    for text in distribution(name).requires or []:
        requirement = Requirement(text)
        marker = requirement.marker
        wanted = marker is None or any(marker.evaluate({"extra": e}) for e in extras | {""})
        if wanted and (own := key(requirement.name)) not in seen:
            seen.add(own)
            needed(own, frozenset(requirement.extras), seen)
    return seen


def test_every_line_is_a_name_and_a_version() -> None:
    assert [line for line in LINES if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []


def test_everything_needed_is_pinned_and_installed_so() -> None:
    names = needed("pipeline-lib", frozenset({"dev"}), set())
    others = ("nvidia-", "cuda-", "triton", "pipeline-lib")
    names = {name for name in names if not name.startswith(others)}
    installed = {key(d.name): d.version.split("+")[0] for d in distributions()}
    assert {name: PINNED.get(name) for name in names} == {n: installed[n] for n in names}


def test_torch_is_the_version_of_the_project() -> None:
    assert PINNED["torch"] == "2.13.0"
