"""Downloads over a real loopback server, and extraction of real zip files."""

import hashlib
import io
import stat
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from tenacity.wait import wait_none

from pipeline_lib.data import fetch as download_module
from pipeline_lib.data.fetch import CHUNK, FetchError, fetch
from pipeline_lib.settings.dataset import Archive

FILES = {"ml/ratings.dat": b"1::2::3\n" * 9, "ml/users.dat": bytes(range(256)) * 3 * 256}


def zip_of(*files: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as zipped:
        for name, content in files:
            zipped.writestr(name, content)
    return held.getvalue()


CONTENT = zip_of(*FILES.items())
HALF = len(CONTENT) // 2


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        self.server.ranges.append(self.headers["Range"])
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def start(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


Answer = Callable[[Handler], None]


class Server(ThreadingHTTPServer):
    """Gives the answers in turn, the last one for ever."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = [ranged(CONTENT)]
        self.ranges: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_port}/ml.zip"


def whole(content: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        handler.start(200, Content_Length=len(content))
        handler.wfile.write(content)

    return answer


def ranged(content: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        if handler.headers["Range"] is None:
            return whole(content)(handler)
        start = int(handler.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        return slice_from(content, start)(handler)

    return answer


def slice_from(content: bytes, start: int) -> Answer:
    def answer(handler: Handler) -> None:
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.start(206, Content_Length=len(content) - start, Content_Range=span)
        handler.wfile.write(content[start:])

    return answer


def cut(content: bytes, end: int) -> Answer:
    def answer(handler: Handler) -> None:
        handler.start(200, Content_Length=len(content))
        handler.wfile.write(content[:end])

    return answer


def status(code: int, **headers: object) -> Answer:
    def answer(handler: Handler) -> None:
        handler.start(code, **headers)

    return answer


def archive_of(content: bytes, url: str) -> Archive:
    return Archive(url=url, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


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


def assert_refused(content: bytes, match: str, members: dict[str, Path], download: Path) -> None:
    download.write_bytes(content)
    archive = archive_of(content, "http://127.0.0.1/ml.zip")
    before = set(download.parent.parent.rglob("*"))
    with pytest.raises(FetchError, match=match) as refusal:
        fetch(archive, members, download)
    assert str(download) in str(refusal.value)
    assert "by hand" in str(refusal.value)
    written = set(download.parent.parent.rglob("*")) - before
    assert not any(path.is_file() for path in written)


@pytest.mark.parametrize(
    "name", ["../evil", "ml/../../evil", "/evil", "C:/evil", "C:evil", "..\\evil", "ml\\evil"]
)
def test_a_member_climbing_out_is_refused(
    name: str, members: dict[str, Path], download: Path, part: Path
) -> None:
    content = zip_of(*FILES.items(), (name, b""))
    assert_refused(content, "evil' could lead outside", members, download)


def test_a_name_cut_by_zero_is_refused(
    members: dict[str, Path], download: Path, part: Path
) -> None:
    content = zip_of(*FILES.items(), ("ml/evil0", b"")).replace(b"evil0", b"evil\0")
    assert_refused(content, "evil.* could lead outside", members, download)


def test_a_symlink_is_refused(members: dict[str, Path], download: Path, part: Path) -> None:
    link = zipfile.ZipInfo("ml/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    content = zip_of(*FILES.items(), (link, b"../users.dat"))
    assert_refused(content, "'ml/link' could lead outside", members, download)


def test_a_missing_member_is_named(members: dict[str, Path], download: Path, part: Path) -> None:
    content = zip_of(("ml/ratings.dat", b""), ("ml/users.dat/", b""))
    assert_refused(content, "0 files named 'users.dat'", members, download)


def test_members_of_one_name_are_refused(
    members: dict[str, Path], download: Path, part: Path
) -> None:
    content = zip_of(*FILES.items(), ("other/users.dat", b""))
    assert_refused(content, "2 files named 'users.dat'", members, download)


def test_a_zip_bomb_is_refused(members: dict[str, Path], download: Path, part: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in FILES:
            zipped.writestr(name, bytes(10**6))
    assert_refused(held.getvalue(), "would take more than", members, download)


@pytest.mark.parametrize(
    "content",
    [
        b"no zip",
        CONTENT[:HALF],
        CONTENT.replace(b"::2", b"::4"),
        CONTENT.replace(b"PK\x03", b"PK?"),
    ],
    ids=["no zip", "cut", "other bytes", "no headers"],
)
def test_a_corrupt_zip_is_refused(
    content: bytes, members: dict[str, Path], download: Path, part: Path
) -> None:
    assert_refused(content, "could not be unpacked", members, download)


def test_corruption_leaves_every_target_as_it_was(
    members: dict[str, Path], download: Path, part: Path
) -> None:
    target = members["ratings.dat"]
    target.parent.mkdir()
    target.write_bytes(b"before")
    content = CONTENT.replace(bytes(range(256)), bytes(256))
    assert_refused(content, "Bad CRC-32.*users.dat", members, download)
    assert [path.read_bytes() for path in target.parent.iterdir()] == [b"before"]
