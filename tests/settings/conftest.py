"""A copy of the delivered settings, and how a test changes it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Edit = Callable[[str, str, str], None]


@pytest.fixture
def folder(config: Path, tmp_path: Path) -> Path:
    """A copy of the settings that a test can change."""
    copy = tmp_path / "config"
    shutil.copytree(config, copy)
    return copy


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Replace a text that a settings file holds once."""

    def replace(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text()
        assert text.count(old) == 1
        (folder / file).write_text(text.replace(old, new))

    return replace
