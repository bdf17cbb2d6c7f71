"""Downloads over a real loopback server."""

import hashlib
from pathlib import Path
from threading import Event

import pytest

from pipeline_lib.data import fetch as download_module
from pipeline_lib.data.fetch import CHUNK, FetchError, fetch
from pipeline_lib.settings.dataset import Archive
from tests.data.fetch.archive_server import (
    CONTENT,
    FILES,
    HALF,
    Answer,
    Handler,
    Server,
    archive_of,
    cut,
    ranged,
    slice_from,
    status,
    whole,
)


def assert_fetched(members: dict[str, Path], download: Path) -> None:
    assert [path.read_bytes() for path in members.values()] == list(FILES.values())
    assert download.read_bytes() == CONTENT
    folders = {download.parent, *(path.parent for path in members.values())}
    assert {path for folder in folders for path in folder.iterdir()} == {
        download,
        *members.values(),
    }


def test_good_download(
    archive: Archive,
    members: dict[str, Path],
    download: Path,
    server: Server,
    capfd: pytest.CaptureFixture[str],
) -> None:
    fetch(archive, members, download)
    assert_fetched(members, download)
    assert server.ranges == [None]
    assert capfd.readouterr() == ("", "")


def test_an_archive_is_kept_as_it_is_sent(
    archive: Archive, members: dict[str, Path], download: Path, server: Server
) -> None:
    """Some servers call an archive an encoding of its content; nobody may decode it."""

    def as_gzip(handler: Handler) -> None:
        assert handler.headers["Accept-Encoding"] == "identity"
        handler.start(200, Content_Length=len(CONTENT), Content_Encoding="gzip")
        handler.wfile.write(CONTENT)

    server.answers = [as_gzip]
    fetch(archive, members, download)
    assert_fetched(members, download)


def test_a_cut_download_continues(
    archive: Archive, members: dict[str, Path], download: Path, server: Server
) -> None:
    server.answers = [cut(CONTENT, HALF), ranged(CONTENT)]
    fetch(archive, members, download)
    assert_fetched(members, download)
    assert server.ranges == [None, f"bytes={HALF}-"]


def test_a_later_call_continues(
    archive: Archive, members: dict[str, Path], download: Path, part: Path, server: Server
) -> None:
    server.answers = [cut(CONTENT, HALF), status(503)]
    with pytest.raises(FetchError, match=rf"3 attempts.*503.*after the {HALF} bytes.*by hand"):
        fetch(archive, members, download)
    assert part.read_bytes() == CONTENT[:HALF]
    server.answers = [ranged(CONTENT)]
    fetch(archive, members, download)
    assert_fetched(members, download)
    assert server.ranges[-1] == f"bytes={HALF}-"


def test_a_complete_part_needs_no_server(
    members: dict[str, Path], download: Path, part: Path, server: Server
) -> None:
    part.write_bytes(CONTENT)
    fetch(archive_of(CONTENT, server.url), members, download)
    assert_fetched(members, download)
    assert server.ranges == []


@pytest.mark.parametrize(
    ("answers", "requests"),
    [
        ([whole(CONTENT)], 1),
        ([slice_from(CONTENT, HALF + 1), ranged(CONTENT)], 2),
        ([slice_from(CONTENT + b"longer", HALF), ranged(CONTENT)], 2),
        ([status(206), ranged(CONTENT)], 2),
        ([status(416), ranged(CONTENT)], 2),
    ],
    ids=["ignored", "other start", "other size", "unnamed", "refused"],
)
def test_without_the_right_range_the_download_restarts(
    answers: list[Answer],
    requests: int,
    archive: Archive,
    members: dict[str, Path],
    download: Path,
    part: Path,
    server: Server,
) -> None:
    part.write_bytes(b"x" * HALF)
    server.answers = answers
    fetch(archive, members, download)
    assert_fetched(members, download)
    assert server.ranges == [f"bytes={HALF}-", None][:requests]


def test_a_wrong_hash_is_refused_and_removed(
    archive: Archive, members: dict[str, Path], download: Path, server: Server
) -> None:
    wrong = CONTENT[:-1] + b"x"
    server.answers = [whole(wrong), whole(CONTENT)]
    found = hashlib.sha256(wrong).hexdigest()
    with pytest.raises(FetchError, match=f"{archive.sha256}.*{found}.*by hand"):
        fetch(archive, members, download)
    assert list(download.parent.iterdir()) == []
    assert not any(path.exists() for path in members.values())
    fetch(archive, members, download)
    assert_fetched(members, download)


def test_a_wrong_archive_on_disk_is_downloaded_afresh(
    archive: Archive, members: dict[str, Path], download: Path, server: Server
) -> None:
    download.parent.mkdir()
    download.write_bytes(CONTENT[:HALF])
    fetch(archive, members, download)
    assert download.read_bytes() == CONTENT
    assert server.ranges == [None]


def test_a_missing_address_stops_at_once(
    archive: Archive, members: dict[str, Path], download: Path, server: Server
) -> None:
    server.answers = [status(404)]
    with pytest.raises(FetchError, match=rf"{server.url} answered 404 Not Found.*pass raw_dir"):
        fetch(archive, members, download)
    assert server.ranges == [None]


def test_a_failing_server_is_asked_again(
    archive: Archive, members: dict[str, Path], download: Path, server: Server
) -> None:
    server.answers = [status(500), ranged(CONTENT)]
    fetch(archive, members, download)
    assert_fetched(members, download)


def test_a_silent_server_is_asked_again(
    archive: Archive,
    members: dict[str, Path],
    download: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = Event()

    def silent(handler: Handler) -> None:
        handler.start(200, Content_Length=len(CONTENT))
        handler.wfile.write(CONTENT[:CHUNK])
        done.wait(10)

    monkeypatch.setattr(download_module, "TIMEOUT", 0.2)
    server.answers = [silent, ranged(CONTENT)]
    try:
        fetch(archive, members, download)
    finally:
        done.set()
    assert_fetched(members, download)
    assert server.ranges == [None, f"bytes={CHUNK}-"]


def test_too_many_bytes_stop_early(
    archive: Archive, members: dict[str, Path], download: Path, server: Server
) -> None:
    hung_up = Event()

    def endless(handler: Handler) -> None:
        handler.start(200)
        try:
            for _ in range(1000):
                handler.wfile.write(bytes(CHUNK))
        except ConnectionError:
            hung_up.set()

    server.answers = [endless, ranged(CONTENT)]
    with pytest.raises(FetchError, match=f"expected {len(CONTENT)} bytes"):
        fetch(archive, members, download)
    assert hung_up.wait(5)
    assert list(download.parent.iterdir()) == []


@pytest.mark.parametrize("scheme", ["file", "ftp"])
def test_a_redirect_does_not_leave_http(
    scheme: str, archive: Archive, members: dict[str, Path], download: Path, server: Server
) -> None:
    server.answers = [status(302, Location=f"{scheme}://127.0.0.1/{__file__}")]
    with pytest.raises(FetchError, match=scheme):
        fetch(archive, members, download)


def test_no_scheme_but_http_is_opened(members: dict[str, Path], download: Path) -> None:
    archive = Archive.model_construct(url=Path(__file__).as_uri(), bytes=1, sha256="0" * 64)
    with pytest.raises(FetchError, match="No connection adapters were found for 'file:"):
        fetch(archive, members, download)


def test_a_right_archive_on_disk_needs_no_server(
    members: dict[str, Path], download: Path, part: Path
) -> None:
    with Server() as gone:
        archive = archive_of(CONTENT, gone.url)
    download.write_bytes(CONTENT)
    fetch(archive, members, download)
    assert_fetched(members, download)


def test_no_server(members: dict[str, Path], download: Path) -> None:
    with Server() as gone:
        archive = archive_of(CONTENT, gone.url)
    with pytest.raises(FetchError, match=rf"{gone.url} could not be downloaded in 3 attempts"):
        fetch(archive, members, download)
