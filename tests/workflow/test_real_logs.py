"""The workflow on the real MovieLens-1M logs, with one epoch of training."""

import json
import os
from pathlib import Path

import pytest

from tests.workflow.small_project import SmallProject

RAW = Path(os.environ.get("PIPELINE_RAW_DIR", "")).resolve()
HERE = "results/paper/movielens"
# From other splits of the same logs; ours lie within 0.05 of them from split to split.
BASELINES = {"global-mean": 1.240, "user-mean": 1.130, "item-mean": 1.034, "two-bias": 0.933}

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        not (RAW / "ml-1m").is_dir(), reason="PIPELINE_RAW_DIR names no folder with ml-1m/"
    ),
]


@pytest.fixture
def finished_real(project: SmallProject) -> SmallProject:
    arguments = [f"raw_dir={RAW}", f"methods=[{','.join(BASELINES)},paml]", "seeds=[0]"]
    result = project.snakemake(
        *(f"{HERE}/tables/table2.md", "--configfile", "config/paper.yaml", "--config"),
        *arguments,
        "override={paml: {epochs: 1}}",
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return project


def test_the_real_logs_give_the_known_baselines(finished_real: SmallProject) -> None:
    comparison = json.loads((finished_real.folder / HERE / "comparison.json").read_text("utf-8"))
    mse = {m["name"]: m["metrics"]["mse"]["mean"] for m in comparison["methods"]}
    assert {name: mse[name] for name in BASELINES} == pytest.approx(BASELINES, abs=0.05)
    split = json.loads((finished_real.folder / HERE / "split/split.json").read_text("utf-8"))
    assert (split["users"], split["interactions"]) == (4832, 428_185)
    assert "the paper's Table 2" in (finished_real.folder / HERE / "tables/table2.md").read_text(
        "utf-8"
    )
