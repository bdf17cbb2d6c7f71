"""The clusters' profiles: what they add up to, as far as that can be seen without a cluster."""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflow.small_project import ROOT, SNAKEMAKE, SmallProject, wait_until

COMMIT = ("commit", "-q", "-m", "what a job gets is what git knows")
PROFILES = ROOT / "workflow/profiles"


def profile(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((PROFILES / name / "config.yaml").read_text("utf-8"))
    return content


@pytest.mark.parametrize("name", ["slurm", "kubernetes"])
def test_a_clusters_profile_has_what_the_default_has(name: str) -> None:
    assert profile("default").items() <= profile(name).items()


@pytest.mark.parametrize("name", ["slurm", "kubernetes"])
def test_a_clusters_profile_names_rules_that_there_are(name: str) -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    rules = re.findall(r"^rule (\w+):$", text, re.MULTILINE)
    assert profile(name)["set-resources"].keys() <= {*rules}


@pytest.mark.slow
def test_a_gpu_is_asked_for_by_learners_alone(project: SmallProject) -> None:
    result = project.snakemake("--dry-run", "--config", "device=cuda")
    jobs = result.stdout.split("\nrule ")
    asking = [job for job in jobs if " gpu=1" in job]
    assert len(asking) == 4
    assert all(job.startswith("train:") and "two-bias" not in job for job in asking)


class Server(ThreadingHTTPServer):
    """Takes what a Kubernetes server takes, and starts nothing."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.jobs: list[dict[str, Any]] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.split("?")[0].endswith("/jobs"):
            self.server.jobs.append(json.loads(body))
        self._answer(body)

    def do_GET(self) -> None:
        self._answer(b'{"status": {"active": 1}}')

    def do_DELETE(self) -> None:
        self._answer(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def kubernetes(folder: Path) -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    own = {"name": "here", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}
    context = {"name": "here", "context": {"cluster": "here", "user": "me"}}
    config = {"clusters": [own], "contexts": [context], "current-context": "here"}
    config |= {"users": [{"name": "me", "user": {}}], "apiVersion": "v1", "kind": "Config"}
    (folder / "kubeconfig").write_text(json.dumps(config), encoding="utf-8")
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("rsync") is None, reason="needs rsync")
def test_a_job_of_kubernetes_has_image_volume_memory_and_works(
    project: SmallProject, tmp_path: Path
) -> None:
    """No cluster runs here: the job's command is run by hand, as its container would."""
    profile = ("--workflow-profile", "workflow/profiles/kubernetes")
    for git in (("init", "-q"), ("add", "."), ("-c", "user.name=n", "-c", "user.email=e", *COMMIT)):
        subprocess.run(("git", *git), cwd=project.folder, check=True)
    volume = tmp_path / "volume"
    volume.mkdir()
    command = [str(SNAKEMAKE), "all", *profile, "--default-storage-prefix", str(volume)]
    with kubernetes(tmp_path) as server, (tmp_path / "output").open("w") as output:
        environment = os.environ | {"KUBECONFIG": str(tmp_path / "kubeconfig")}
        workflow = subprocess.Popen(
            command, cwd=project.folder, env=environment, stdout=output, stderr=output
        )
        try:
            wait_until(lambda: bool(server.jobs) or workflow.poll() is not None)
        finally:
            workflow.kill()
            workflow.wait()
    assert server.jobs, (tmp_path / "output").read_text(encoding="utf-8")
    pod = server.jobs[0]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "pipeline:latest"
    assert {"name": "pipeline", "mountPath": "/pipeline"} in container["volumeMounts"]
    assert container["resources"]["limits"]["memory"] == "4000M"
    claim = {"name": "pipeline", "persistentVolumeClaim": {"claimName": "pipeline"}}
    assert claim in pod["volumes"]
    line = [*container["command"], *container["args"]]
    path = f"{SNAKEMAKE.parent}:{os.environ['PATH']}"
    (workdir := tmp_path / "workdir").mkdir()
    done = subprocess.run(
        line,
        cwd=workdir,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (volume / "results/sample/movielens/raw/ratings.dat").is_file()
