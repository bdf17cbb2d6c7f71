"""A server of an archive, and where its download and its members go."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from tenacity.wait import wait_none

from pipeline_lib.data import fetch as download_module
from pipeline_lib.settings.dataset import Archive
from tests.data.fetch.archive_server import CONTENT, FILES, Server, archive_of


@pytest.fixture(autouse=True)
def fast_and_direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_module, "ATTEMPTS", 3)
    monkeypatch.setattr(download_module, "WAIT", wait_none())
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def archive(server: Server) -> Archive:
    return archive_of(CONTENT, server.url)


@pytest.fixture
def download(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "ml.zip"


@pytest.fixture
def part(download: Path) -> Path:
    download.parent.mkdir()
    return download.with_name("ml.zip.part")


@pytest.fixture
def members(tmp_path: Path) -> dict[str, Path]:
    return {Path(name).name: tmp_path / "raw" / Path(name).name for name in FILES}
