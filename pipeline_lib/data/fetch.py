"""Download of a published archive, and safe extraction of its files."""

import hashlib
import shutil
import time
import zlib
from collections.abc import Iterator, Mapping
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

from pipeline_lib.settings.dataset import Archive

TIMEOUT = 30.0  # seconds of silence
RETRY_WAITS = (0.0, 1.0, 2.0, 4.0)  # seconds before each attempt
CHUNK = 2**16  # bytes
MAX_RATIO = 100  # unpacked bytes for each byte of the archive
REMEDY = "download it by hand, unpack it under <raw_dir>/<folder>/ and pass raw_dir."

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
# What zipfile raises on damaged, encrypted or unsupported content, and the disk on refusal.
UNPACK_FAILURES = (BadZipFile, EOFError, LZMAError, OSError, RuntimeError, ValueError, zlib.error)


class FetchError(Exception):
    """Say what could not be fetched or unpacked, why, and what to do about it."""


def fetch(archive: Archive, members: Mapping[str, Path], download: Path) -> None:
    """Download the archive and extract files from it.

    `members` maps the base name of each wanted file, in whatever folder of the archive it lies,
    to its target. An archive already at `download` is used without network, and what an earlier
    call left of it in `download` + '.part' is continued.

    Raises `FetchError` if the archive cannot be downloaded, is not the published one, is corrupt
    or unsafe, or does not hold each wanted file once; no target is then written.
    """
    if not download.exists():
        download.parent.mkdir(parents=True, exist_ok=True)
        _download(archive, _part(download))
        _part(download).replace(download)
    _verify(archive, download)
    _extract(download, members)


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _download(archive: Archive, part: Path) -> None:
    failure = None
    for wait in RETRY_WAITS:
        time.sleep(wait)
        try:
            _receive(archive, part)
        except ConnectionError as error:
            failure = error
        else:
            return
    raise FetchError(
        f"{archive.url} could not be downloaded in {len(RETRY_WAITS)} attempts: {failure}. "
        f"Run again to continue after the {_size(part)} bytes in {part}, or {REMEDY}"
    ) from failure


def _receive(archive: Archive, part: Path) -> None:
    if _size(part) >= archive.bytes:
        return
    console = Console(stderr=True)
    with (
        _ask(archive.url, _size(part)) as answer,
        part.open(_mode(answer, archive, part)) as file,
        Progress(console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task(archive.url, total=archive.bytes)
        for chunk in _chunks(answer):
            file.write(chunk)
            progress.update(bar, completed=file.tell())
            if file.tell() > archive.bytes:
                break
    if _size(part) < archive.bytes:
        raise ConnectionError(f"the connection ended after {_size(part)} of {archive.bytes} bytes")


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


def _mode(answer: HTTPResponse | HTTPError, archive: Archive, part: Path) -> Literal["ab", "wb"]:
    """Tell whether the answer continues the part or replaces it; drop a part it cannot continue."""
    rest = f"bytes {_size(part)}-{archive.bytes - 1}/{archive.bytes}"
    if answer.status == HTTPStatus.OK:
        return "wb"
    if answer.status == HTTPStatus.PARTIAL_CONTENT and answer.headers["Content-Range"] == rest:
        return "ab"
    status = f"{answer.status} {answer.reason}"
    if answer.status in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
        part.unlink(missing_ok=True)
    elif answer.status not in range(500, 600):
        raise FetchError(f"{archive.url} answered {status}. Check the address, or {REMEDY}")
    raise ConnectionError(f"the server answered {status}")


def _chunks(answer: HTTPResponse | HTTPError) -> Iterator[bytes]:
    try:
        while chunk := answer.read(CHUNK):
            yield chunk
    except (OSError, HTTPException) as error:
        raise ConnectionError(str(error)) from error


def _verify(archive: Archive, download: Path) -> None:
    with download.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = _size(download)
    if (size, sha256) != (archive.bytes, archive.sha256):
        download.unlink()
        raise FetchError(
            f"{download} was not the archive published at {archive.url}, and was removed: "
            f"expected {archive.bytes} bytes with sha256 {archive.sha256}, "
            f"read {size} bytes with sha256 {sha256}. Run again to download it afresh, or {REMEDY}"
        )


def _extract(download: Path, members: Mapping[str, Path]) -> None:
    try:
        with ZipFile(download) as zipped:
            infos = zipped.infolist()
            _refuse_unsafe(infos, MAX_RATIO * _size(download))
            _unpack(zipped, {target: _find(infos, name) for name, target in members.items()})
    except UNPACK_FAILURES as error:
        raise FetchError(f"{download} could not be unpacked: {error}. Instead, {REMEDY}") from error


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
    try:
        for target, info in wanted.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            with zipped.open(info) as source, _part(target).open("wb") as file:
                shutil.copyfileobj(source, file)
        for target in wanted:
            _part(target).replace(target)
    finally:
        for target in wanted:
            _part(target).unlink(missing_ok=True)
