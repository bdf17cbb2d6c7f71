"""Fetch a published archive: download it, check that it is the published one, unpack it."""

import hashlib
import shutil
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from http import HTTPStatus
from lzma import LZMAError
from pathlib import Path, PureWindowsPath
from stat import S_ISLNK
from typing import Literal
from zipfile import BadZipFile, ZipFile, ZipInfo

import requests
from rich.console import Console
from rich.progress import Progress
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential
from urllib3.exceptions import HTTPError

from pipeline_lib.settings.dataset import Archive
from pipeline_lib.storage.tables import atomic_path

ATTEMPTS = 4
WAIT = wait_exponential()  # 1, 2, 4 seconds between them
TIMEOUT = 30.0  # seconds of silence
CHUNK = 2**16  # bytes
REMEDY = "download it by hand, unpack it under <raw_dir>/<folder>/ and pass raw_dir."
CONNECTION_FAILURES = (requests.RequestException, HTTPError)

MAX_RATIO = 100  # unpacked bytes for each byte of the archive
# What zipfile raises on damaged, encrypted or unsupported content, and the disk on refusal.
UNPACK_FAILURES = (BadZipFile, EOFError, LZMAError, OSError, RuntimeError, ValueError, zlib.error)


class FetchError(Exception):
    """An archive cannot be downloaded or unpacked."""


def fetch(archive: Archive, members: Mapping[str, Path], target: Path) -> None:
    """Download the archive to `target`, unless it is there already, and unpack files from it.

    members: the base name of each wanted file, and the path it is unpacked to. Raises FetchError
    when the archive cannot be downloaded, is not the published one or cannot be unpacked safely;
    no member is then written.
    """
    published = f"{archive.bytes} bytes with sha256 {archive.sha256}"
    if not (target.exists() and _identity(target) == published):
        target.unlink(missing_ok=True)
        download(archive.url, archive.bytes, target)
        if (found := _identity(target)) != published:
            target.unlink()
            raise FetchError(
                f"{target} was not the archive published at {archive.url}, and was removed: "
                f"expected {published}, read {found}. Run again to download it afresh, or {REMEDY}"
            )
    unpack(target, members)


def _identity(path: Path) -> str:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return f"{path.stat().st_size} bytes with sha256 {sha256}"


def download(url: str, size: int, target: Path) -> None:
    """Download the `size` bytes at an HTTP address, continuing what is in `target` + '.part'.

    Raises FetchError when the server refuses, or the connection fails at every attempt; the bytes
    received so far then stay in that file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    failures = retry_if_exception_type(CONNECTION_FAILURES)
    try:
        Retrying(retry=failures, stop=stop_after_attempt(ATTEMPTS), wait=WAIT)(
            _receive, url, size, part
        )
    except RetryError as error:
        failure = error.last_attempt.exception()
        raise FetchError(
            f"{url} could not be downloaded in {ATTEMPTS} attempts: {failure}. "
            f"Run again to continue after the {_size(part)} bytes in {part}, or {REMEDY}"
        ) from failure
    part.replace(target)


def _receive(url: str, size: int, part: Path) -> None:
    start = _size(part)
    if start >= size:
        return
    wanted = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    console = Console(stderr=True)
    with (
        requests.get(url, headers=wanted, stream=True, timeout=TIMEOUT) as answer,
        part.open(_mode(answer, size, part)) as file,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task(url, total=size)
        for chunk in answer.raw.stream(CHUNK, decode_content=False):
            file.write(chunk)
            progress.update(bar, completed=file.tell())
            if file.tell() > size:
                return
    if _size(part) < size:
        raise requests.ConnectionError(f"the connection ended after {_size(part)} of {size} bytes")


def _mode(answer: requests.Response, size: int, part: Path) -> Literal["ab", "wb"]:
    """Return how to open the part: to continue it, or to replace it by the answer.

    Raises requests.ConnectionError when another attempt may help, after it removed a part that
    the server cannot continue, and FetchError when none will.
    """
    status = answer.status_code
    rest = f"bytes {_size(part)}-{size - 1}/{size}"
    if status == HTTPStatus.OK:
        return "wb"
    if status == HTTPStatus.PARTIAL_CONTENT and answer.headers.get("Content-Range") == rest:
        return "ab"
    if status in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
        part.unlink(missing_ok=True)
    elif not 500 <= status < 600:
        raise FetchError(
            f"{answer.url} answered {status} {answer.reason}. Check the address, or {REMEDY}"
        )
    raise requests.ConnectionError(f"the server answered {status} {answer.reason}")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def unpack(archive: Path, members: Mapping[str, Path]) -> None:
    """Unpack the files of these base names, in whatever folder of the archive, to their targets.

    Raises FetchError when the archive is damaged, has a member that is a link or leads out of its
    folder, would take too much room, or does not hold each file once; no target is then written.
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
    """Unpack all or none: no file takes its name before every one is complete."""
    with ExitStack() as unfinished:
        for target, info in wanted.items():
            part = unfinished.enter_context(atomic_path(target))
            with zipped.open(info) as source, part.open("wb") as file:
                shutil.copyfileobj(source, file)
