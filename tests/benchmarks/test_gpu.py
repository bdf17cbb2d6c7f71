"""The benchmark of a GPU runs on a CPU as well, without what only a GPU has."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.gpu.bench import METHODS
from tests.training.toy import CATALOGUE, FOLDS


@pytest.mark.slow
def test_every_figure_of_a_cpu_is_there(tmp_path: Path) -> None:
    FOLDS.train.save(tmp_path / "train.safetensors")
    FOLDS.validation.save(tmp_path / "validation.safetensors")
    CATALOGUE.save(tmp_path / "items.safetensors")
    command = [sys.executable, "-m", "tests.benchmarks.gpu", "--device", "cpu", "--epochs", "1"]
    output = tmp_path / "figures.json"
    subprocess.run(
        [*command, "--episodes", tmp_path, "--output", output],
        env=os.environ | {"OMP_NUM_THREADS": "1"},  # a second thread only waits
        check=True,
    )
    figures = json.loads(output.read_text(encoding="utf-8"))
    for title in ("relative errors", "training", "steps"):
        assert [row["method"] for row in figures[title]] == [*METHODS]
    for row in figures["operations"]:
        assert row["recorded, kernels"] < row["one by one, kernels"]
        assert row["recorded, waits"] == 0 < row["one by one, waits"]
    for row in figures["relative errors"]:
        assert 0 < row["score"] < 1e-4
        assert 0 < row["gradient"] < 1e-4
