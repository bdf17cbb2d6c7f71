"""What names this software's version and licence agrees."""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def citation() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    return content


def test_the_citations_version_is_the_projects(citation: dict[str, Any]) -> None:
    assert citation["version"] == PROJECT["version"] == version("pipeline-lib")


def test_the_readmes_entry_has_the_projects_version() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    entry = readme.split("@software")[1]
    assert re.findall(r"version = \{(.*?)\}", entry) == [PROJECT["version"]]


def test_the_changelogs_newest_version_is_the_projects() -> None:
    """Before the first there is only what is not released."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    entries = re.findall(r"^## \[?([\w.]+)", text, re.MULTILINE)
    versions = [entry for entry in entries if entry != "Unreleased"]
    assert entries
    assert versions[:1] in ([], [PROJECT["version"]])


def test_the_licence_is_the_same_everywhere(citation: dict[str, Any]) -> None:
    assert citation["license"] == PROJECT["license"] == "MIT"
    assert PROJECT["license-files"] == ["LICENSE"]
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License\n")


def test_the_citation_has_what_cff_1_2_0_requires(citation: dict[str, Any]) -> None:
    assert citation["cff-version"] == "1.2.0"
    assert citation["message"]
    assert citation["title"]
    assert all(author["name"] for author in citation["authors"])
    (paper,) = citation["references"]
    assert {"type", "title", "authors", "year", "doi"} <= paper.keys()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert paper["title"] in readme
    assert paper["doi"] in readme
    for author in paper["authors"]:
        assert f"{author['family-names']}, {author['given-names']}" in readme
