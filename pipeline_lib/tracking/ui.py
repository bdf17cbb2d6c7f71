"""`python -m pipeline_lib ui`: MLflow's pages on this machine alone, and links to what matters."""

import argparse
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from pipeline_lib.tracking.secrets import without_secrets
from pipeline_lib.tracking.watch import store_uri

HOST = "127.0.0.1"
SQLITE = "sqlite:///"
PATIENCE = 120  # seconds for the server to start
SETTINGS = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("ui", help="open MLflow's pages on 127.0.0.1")
    parser.add_argument("--port", type=int, default=5000)
    parser.set_defaults(func=_ui)


def _ui(arguments: argparse.Namespace) -> int:
    uri, port = store_uri(), str(arguments.port)
    if uri.startswith("http"):
        _print_links("Open in a browser:", uri, without_secrets(uri))
        return 0
    if problem := _problem(uri, arguments.port):
        print(problem, file=sys.stderr)
        return 1
    options = ["--backend-store-uri", uri, "--host", HOST, "--port", port, "--workers", "1"]
    command = [sys.executable, "-m", "mlflow", "server", *options]
    with subprocess.Popen(command, env=os.environ | SETTINGS) as server:
        address = f"http://{HOST}:{port}"
        if _answers(address, server):
            _print_links("Open in a browser (Ctrl-C ends the server):", uri, address)
        try:
            return server.wait()
        except KeyboardInterrupt:
            server.terminate()
            return 0


def _problem(uri: str, port: int) -> str | None:
    if not uri.startswith(SQLITE):
        return (
            "MLFLOW_TRACKING_URI names a database, not a server; start one with `mlflow server "
            "--backend-store-uri`, and set MLFLOW_TRACKING_URI to its address (docs/mlflow.md)"
        )
    if not (store := Path(uri.removeprefix(SQLITE))).is_file():
        return f"{store} is not there yet; run snakemake first (`make demo`)"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return f"port {port} is taken; choose another: make ui PORT={port + 1}"
    return None


def _answers(address: str, server: subprocess.Popen[bytes]) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=2).close()  # noqa: S310
        except OSError:
            time.sleep(0.3)
        else:
            return True
    return False


def _print_links(heading: str, uri: str, address: str) -> None:
    print(f"\n{heading}", flush=True)
    for name, link in _links(uri, address):
        print(f"  {name}: {link}", flush=True)


def _links(uri: str, address: str) -> Iterator[tuple[str, str]]:
    os.environ.update(SETTINGS)
    from mlflow import MlflowClient

    from pipeline_lib.tracking.views import comparison_link, runs_link

    client = MlflowClient(uri)
    for experiment in client.search_experiments(order_by=["name ASC"]):
        if experiment.name == "Default":
            continue
        number = str(experiment.experiment_id)
        yield f"{experiment.name}, current runs", runs_link(address, number)
        found = client.search_runs(
            [number],
            "tags.level = 'method' and tags.superseded = 'false'",
            order_by=["params.gamma"],
        )
        adaptive = [run.info.run_id for run in found if "gamma" in run.data.tags]
        if len(adaptive) > 1:
            yield f"{experiment.name}, γ compared", comparison_link(address, number, adaptive)
