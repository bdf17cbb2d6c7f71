"""A folder to track runs in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tracking.runs import in_folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with in_folder(tmp_path, monkeypatch) as tracked:
        yield tracked
