"""Download a file, continuing where an earlier try broke off."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Literal
from urllib import request
from urllib.error import HTTPError

from rich.console import Console
from rich.progress import Progress

from pipeline_lib.data.errors import REMEDY, FetchError

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
