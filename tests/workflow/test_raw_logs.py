"""The workflow on raw logs of its user: found in raw_dir, or downloaded."""

import hashlib
import shutil
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.data.sample.write import write_sample
from pipeline_lib.settings.dataset import SampleLogs
from tests.workflow.small_project import SmallProject

CLEAN = "results/mine/movielens/clean"
RAW_DIR = "raw [12] a*b"


@pytest.fixture
def raw(project: SmallProject) -> Path:
    """Put raw logs into a folder whose name is a pattern and point the run there."""
    folder = project.folder / f"{RAW_DIR}/ml-1m"
    files = {
        "users": "users.dat",
        "items_1": "movies.dat",
        "interactions": "ratings.dat",
        "items_2": "movies_extrainfos.dat",
    }
    sample = SampleLogs(generator="movielens", users=60, items=40, seed=3)
    write_sample({role: folder / name for role, name in files.items()}, sample)
    project.edit("config/config.yaml", name="mine", logs="real", raw_dir=RAW_DIR)
    return folder


def clean(project: SmallProject) -> str:
    result = project.snakemake(f"{CLEAN}/report.json")
    return f"{result.returncode}\n{result.stdout}{result.stderr}"


LEFT_OUT = "no raw file has the item features director, actor: going on with genre"


@pytest.mark.slow
def test_bad_rows_end_in_the_rejects_and_the_log_says_what_is_left_out(
    project: SmallProject, raw: Path
) -> None:
    (raw / "movies_extrainfos.dat").unlink()
    movie = (raw / "movies.dat").read_text("latin-1").split("::")[0]
    with (raw / "ratings.dat").open("a", encoding="latin-1") as file:
        file.write(f"1::{movie}::9::978300760\n1::{movie}\n99999::{movie}::3::978300760\n")
    total = (raw / "ratings.dat").read_bytes().count(b"\n")
    output = clean(project)
    assert output.startswith("0\n"), output
    rejects = pl.read_parquet(project.folder / CLEAN / "rejects.parquet")
    assert rejects.select("line", "column", "reason").rows() == [
        (total - 2, "target", "outside the scale 1 to 5"),
        (total - 1, None, "line has not 4 fields"),
        (total, "user", "user has no row in users.dat"),
    ]
    assert f"ratings.dat: {total:,} read = {total - 3:,} kept + 3 rejected" in output
    log = (project.folder / "results/mine/movielens/logs/clean.log").read_text("utf-8")
    assert LEFT_OUT in output
    assert LEFT_OUT in log


@pytest.mark.slow
def test_an_empty_file_is_named_with_the_remedy(project: SmallProject, raw: Path) -> None:
    (raw / "ratings.dat").write_bytes(b"")
    output = clean(project)
    assert not output.startswith("0\n")
    assert f"{RAW_DIR}/ml-1m/ratings.dat is empty; unpack or download it again" in output


@pytest.mark.slow
def test_a_missing_file_is_named_before_any_job(project: SmallProject, raw: Path) -> None:
    (raw / "users.dat").unlink()
    output = clean(project)
    assert (
        f"{RAW_DIR}/ml-1m/users.dat does not exist; put the unpacked MovieLens-1M there" in output
    )


@pytest.fixture
def server(project: SmallProject, raw: Path) -> Iterator[Path]:
    """Serve the raw logs as an archive on loopback instead of in raw_dir."""
    archive = project.folder / "served/ml-1m.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("users.dat", "movies.dat", "ratings.dat"):
            file.write(raw / name, f"ml-1m/{name}")
    shutil.rmtree(raw)
    handler = partial(SimpleHTTPRequestHandler, directory=str(archive.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        point_at(project, archive, http.server_port)
        yield archive
        http.shutdown()


def point_at(project: SmallProject, archive: Path, port: int) -> None:
    data = archive.read_bytes()
    place = {
        "url": f"http://127.0.0.1:{port}/{archive.name}",
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    project.edit("config/datasets/movielens.yaml", archive=place)
    project.edit("config/config.yaml", raw_dir=None)


@pytest.mark.slow
def test_a_wrong_archive_is_refused(project: SmallProject, server: Path) -> None:
    data = bytearray(server.read_bytes())
    data[100] ^= 255
    server.write_bytes(data)
    output = clean(project)
    assert not output.startswith("0\n")
    assert "sha256" in output
    assert not (project.folder / "results/downloads/ml-1m/ratings.dat").exists()
