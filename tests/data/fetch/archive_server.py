"""An archive, and a loopback server that answers as servers of archives do, well or badly."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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
