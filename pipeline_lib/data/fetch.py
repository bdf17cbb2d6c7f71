"""Bring a published archive: download it, recognise it, unpack it."""

import hashlib
import shutil
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from lzma import LZMAError
from pathlib import Path, PureWindowsPath
from stat import S_ISLNK
from typing import Literal
from urllib import request
from urllib.error import HTTPError
from zipfile import BadZipFile, ZipFile, ZipInfo

from rich.console import Console
from rich.progress import Progress

from pipeline_lib.data.errors import REMEDY, FetchError
from pipeline_lib.settings.dataset import Archive
from pipeline_lib.storage.tables import atomic_path

MAX_RATIO = 100  # unpacked bytes for each byte of the archive
# What zipfile raises on damaged, encrypted or unsupported content, and the disk on refusal.
UNPACK_FAILURES = (BadZipFile, EOFError, LZMAError, OSError, RuntimeError, ValueError, zlib.error)


def unpack(archive: Path, members: Mapping[str, Path]) -> None:
    """Unpack the files of the given base names, in whatever folder they lie, to their targets.

    Raises FetchError when the archive is damaged, has a member that leads out of its folder or
    that is a link, would take too much room, or does not hold each file once; no target is then
    written.
    """
    try:
        with ZipFile(archive) as zipped:
            infos = zipped.infolist()
            _refuse_unsafe(infos, MAX_RATIO * archive.stat().st_size)
            _unpack(zipped, {target: _find(infos, name) for name, target in members.items()})
    except UNPACK_FAILURES as error:
        raise FetchError(f"{archive} could not be unpacked: {error}. Instead, {REMEDY}") from error


def _refuse_unsafe(infos: list[ZipInfo], limit: int) -> None:
    for info in infos:
        name = info.orig_filename
        path = PureWindowsPath(name)
        climbs = path.anchor or ".." in path.parts or "\\" in name or "\0" in name
        if climbs or S_ISLNK(info.external_attr >> 16):
            raise BadZipFile(f"member {name!r} could lead outside its folder")
    # zipfile never yields more of a member than its stated size.
    if sum(info.file_size for info in infos) > limit:
        raise BadZipFile(f"its files would take more than {limit} bytes")


def _find(infos: list[ZipInfo], name: str) -> ZipInfo:
    found = [info for info in infos if info.filename.split("/")[-1] == name]
    if len(found) != 1:
        raise BadZipFile(f"it holds {len(found)} files named {name!r}, not one")
    return found[0]


def _unpack(zipped: ZipFile, wanted: Mapping[Path, ZipInfo]) -> None:
    """Unpack all or nothing: no file takes its name before every one is whole."""
    with ExitStack() as unfinished:
        for target, info in wanted.items():
            part = unfinished.enter_context(atomic_path(target))
            with zipped.open(info) as source, part.open("wb") as file:
                shutil.copyfileobj(source, file)


TIMEOUT = 30.0  # seconds of silence
RETRY_WAITS = (0.0, 1.0, 2.0, 4.0)  # seconds before each attempt
CHUNK = 2**16  # bytes

# None of these opens a file, FTP or data address, so no redirect leaves HTTP either.
HANDLERS = (
    request.ProxyHandler,
    request.UnknownHandler,
    request.HTTPHandler,
    request.HTTPSHandler,
    request.HTTPDefaultErrorHandler,
    request.HTTPRedirectHandler,
    request.HTTPErrorProcessor,
)


def download(url: str, size: int, target: Path) -> None:
    """Download the `size` bytes at an HTTP address; what is there of them is continued.

    Raises FetchError when the server refuses, or breaks off again and again; what came is kept
    in `target` + '.part'.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    failure = None
    for wait in RETRY_WAITS:
        time.sleep(wait)
        try:
            _receive(url, size, part)
        except ConnectionError as error:
            failure = error
        else:
            part.replace(target)
            return
    raise FetchError(
        f"{url} could not be downloaded in {len(RETRY_WAITS)} attempts: {failure}. "
        f"Run again to continue after the {_size(part)} bytes in {part}, or {REMEDY}"
    ) from failure


def _receive(url: str, size: int, part: Path) -> None:
    if _size(part) >= size:
        return
    console = Console(stderr=True)
    with (
        _ask(url, _size(part)) as answer,
        part.open(_mode(answer, size, part)) as file,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task(url, total=size)
        for chunk in _chunks(answer):
            file.write(chunk)
            progress.update(bar, completed=file.tell())
            if file.tell() > size:
                break
    if _size(part) < size:
        raise ConnectionError(f"the connection ended after {_size(part)} of {size} bytes")


def _ask(url: str, start: int) -> HTTPResponse | HTTPError:
    opener = request.OpenerDirector()
    for handler in HANDLERS:
        opener.add_handler(handler())
    if start:
        opener.addheaders.append(("Range", f"bytes={start}-"))
    try:
        answer: HTTPResponse = opener.open(url, timeout=TIMEOUT)
    except HTTPError as refusal:
        return refusal
    except (OSError, HTTPException) as error:
        raise ConnectionError(str(error)) from error
    return answer


def _mode(answer: HTTPResponse | HTTPError, size: int, part: Path) -> Literal["ab", "wb"]:
    """Tell whether the answer continues the part or replaces it; drop a part it cannot continue."""
    rest = f"bytes {_size(part)}-{size - 1}/{size}"
    if answer.status == HTTPStatus.OK:
        return "wb"
    if answer.status == HTTPStatus.PARTIAL_CONTENT and answer.headers["Content-Range"] == rest:
        return "ab"
    status = f"{answer.status} {answer.reason}"
    if answer.status in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
        part.unlink(missing_ok=True)
    elif answer.status not in range(500, 600):
        raise FetchError(f"{answer.url} answered {status}. Check the address, or {REMEDY}")
    raise ConnectionError(f"the server answered {status}")


def _chunks(answer: HTTPResponse | HTTPError) -> Iterator[bytes]:
    try:
        while chunk := answer.read(CHUNK):
            yield chunk
    except (OSError, HTTPException) as error:
        raise ConnectionError(str(error)) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def fetch(archive: Archive, members: Mapping[str, Path], target: Path) -> None:
    """Download the archive to `target`, unless it is there whole, and unpack files from it.

    members: the base name of each wanted file, and where it goes. Raises FetchError when the
    archive cannot be had, is not the published one or cannot be unpacked safely; no member is
    then written.
    """
    if not (target.exists() and _identity(target) == (archive.bytes, archive.sha256)):
        target.unlink(missing_ok=True)
        download(archive.url, archive.bytes, target)
        _verify(archive, target)
    unpack(target, members)


def _verify(archive: Archive, target: Path) -> None:
    size, sha256 = _identity(target)
    if (size, sha256) != (archive.bytes, archive.sha256):
        target.unlink()
        raise FetchError(
            f"{target} was not the archive published at {archive.url}, and was removed: "
            f"expected {archive.bytes} bytes with sha256 {archive.sha256}, "
            f"read {size} bytes with sha256 {sha256}. Run again to download it afresh, or {REMEDY}"
        )


def _identity(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
