"""MLflow servers, and PostgreSQL behind one, on this machine's loopback for the time of a test."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.workflow.small_project import HANGS

SETTINGS = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
PASSWORD = "only-for-a-test"  # noqa: S105


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """An MLflow server that can be killed, made to hang, and started again where it was."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder, self.store, self.port = folder, store, free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = {
            "--backend-store-uri": self.store,
            "--artifacts-destination": f"{self.folder}/artifacts",
            "--host": "127.0.0.1",
            "--port": f"{self.port}",
            "--workers": "1",
        }
        command = [sys.executable, "-m", "mlflow", "server"]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *(part for option in options.items() for part in option)],
                env={k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"} | SETTINGS,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(HANGS * 5):
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=2).close()  # noqa: S310
            except OSError:
                assert self.process.poll() is None, (self.folder / "server.log").read_text()
                time.sleep(0.2)
            else:
                return
        pytest.fail("the server did not start")

    def signal(self, number: int) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        if self.process is not None:
            self.signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextmanager
def mlflow_server(folder: Path, store: str | None = None) -> Iterator[Server]:
    """Start a server, on sqlite where no store is named."""
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(folder, store or f"sqlite:///{folder}/store.db")
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def postgres() -> Iterator[str]:
    """Start Debian's PostgreSQL, not as root; yields what SQLAlchemy calls it.

    Its folder is not pytest's, whose other sessions take the rights on what is above it away.
    """
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.fail("no PostgreSQL; install Debian's postgresql")
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        secret, data, port = folder / "secret", folder / "data", free_port()
        secret.write_text(PASSWORD)
        drop = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if drop:
            for path in (folder, secret):
                shutil.chown(path, "postgres")

        def run(program: str, *options: str) -> None:
            command = [*drop, str(programs[-1] / program), *options]
            subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)

        run("initdb", "-D", str(data), "-U", "mlflow", "-A", "scram-sha-256", f"--pwfile={secret}")
        where = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", where, "start")
        try:
            yield f"postgresql+psycopg2://mlflow:{PASSWORD}@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "stop")
