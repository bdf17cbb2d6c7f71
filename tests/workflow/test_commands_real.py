"""Commands of README.md and docs/ that run on real logs, one after the other, on small ones."""

import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.workflow.checkout import LOGS, Checkout, filled, nothing_is_left, small
from tests.workflow.held_commands import of
from tests.workflow.test_raw_logs import point_at

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Commands are run here one after the other, as one who follows a page does."""
    return small(tmp_path_factory.mktemp("real") / "project")


@contextmanager
def archive(project: Checkout) -> Iterator[None]:
    """Serve MovieLens' logs as an archive on loopback, and take them from there."""
    file = project.folder / "served/ml-1m.zip"
    file.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(file, "w") as archived:
        for name in ("users.dat", "movies.dat", "ratings.dat"):
            archived.write(project.folder / LOGS / "ml-1m" / name, f"ml-1m/{name}")
    handler = partial(SimpleHTTPRequestHandler, directory=str(file.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        point_at(project, file, http.server_port)
        yield
        http.shutdown()


def test_a_run_of_downloaded_logs(project: Checkout) -> None:
    (command,) = of("test_a_run_of_downloaded_logs")
    with archive(project):
        project.shell(filled(command))
        nothing_is_left(project, filled(command))
    assert (project.folder / "results/downloads/ml-1m/ratings.dat").is_file()
    assert (project.folder / "results/paper/movielens/tables/table2.md").is_file()
    assert (project.folder / "results/paper/report.html").is_file()


def test_a_run_of_all_datasets(project: Checkout) -> None:
    """Up to what training reads."""
    (command,) = of("test_a_run_of_all_datasets")
    said = project.shell(f"{filled(command)} --until encode")
    assert re.search(r"^encode +4$", said, re.MULTILINE)
    found = {p.parts[-3] for p in (project.folder / "results/paper").glob("*/episodes/train.*")}
    assert found == {"movielens", "bookcrossing", "bookcrossing-literal", "taobao"}
