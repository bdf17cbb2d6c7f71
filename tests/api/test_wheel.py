"""The wheel, used outside the checkout."""

import os
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest

from tests.workflow.small_project import ROOT, SmallProject

SCRIPT = """
import sys, pipeline_lib
from pipeline_lib.api import open_run
assert pipeline_lib.__file__.startswith(sys.argv[1]), pipeline_lib.__file__
run = open_run(sys.argv[2])
print(run.load("movielens", "paml").adapt({}, {}).height)
"""


@pytest.mark.slow
def test_the_wheel_reads_a_run_in_another_folder(finished: SmallProject, tmp_path: Path) -> None:
    source, site = tmp_path / "source", tmp_path / "site"
    copytree(ROOT / "pipeline_lib", source / "pipeline_lib", ignore=ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        copy(ROOT / name, source)
    build = ["wheel", ".", "--no-deps", "--wheel-dir", "dist", "--no-build-isolation", "--quiet"]
    subprocess.run([sys.executable, "-m", "pip", *build], cwd=source, check=True)
    (wheel,) = (source / "dist").glob("*.whl")
    assert fnmatch(wheel.name, "pipeline_lib-*.whl")
    assert "pip install dist/pipeline_lib-*.whl" in (ROOT / "docs/api.md").read_text("utf-8")
    zipfile.ZipFile(wheel).extractall(site)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(site), str(finished.folder / "results/sample")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
