"""Models served over HTTP on this machine, for the time of a test."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.tracking.servers import free_port


@contextmanager
def serve(model: Path, folder: Path) -> Iterator[str]:
    """Serve a model, where no network can be reached: every proxy leads nowhere."""
    port = free_port()
    nowhere = {"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    log = (folder / "served.log").open("wb")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(model)),
            *("--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)),
        ],
        env=os.environ | nowhere | {"NO_PROXY": "127.0.0.1", "MLFLOW_DISABLE_TELEMETRY": "true",
                                    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=log,
        stderr=log,
        start_new_session=True,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{url}/ping", timeout=2).close()  # noqa: S310
                break
            except OSError:
                assert process.poll() is None, Path(log.name).read_text()
                time.sleep(0.5)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
        log.close()


def post(url: str, body: str) -> tuple[int, Any]:
    """Ask a served model; returns the status and what it says."""
    request = urllib.request.Request(  # noqa: S310
        f"{url}/invocations", body.encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())
