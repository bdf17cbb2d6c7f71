"""A search in a real run: the seeds are trained with what was chosen; no more runs than must."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.small_project import SmallProject

METHODS = "results/sample/movielens/methods"
TRAINED = [f"{METHODS}/{m}/seed-0/training.json" for m in ("melu", "melu-copy", "paml")]
SEARCH: dict[str, Any] = {
    "candidates": 3,
    "space": {
        "melu": {"outer_lr": [0.001, 0.003], "network.embedding_size": [4, 6]},
        "paml": {"lr_max": [0.01, 0.1]},
    },
    "like": {"melu-copy": "melu"},
}


def read(project: SmallProject, file: str) -> Any:  # noqa: ANN401 - whatever it holds
    return json.loads((project.folder / file).read_text(encoding="utf-8"))


def prepare(project: SmallProject) -> None:
    folder = project.folder / "config/methods"
    copy = (folder / "melu.yaml").read_text(encoding="utf-8")
    (folder / "melu-copy.yaml").write_text(copy, encoding="utf-8")
    short = {"epochs": 2, "outer_lr": 0.001}
    project.edit(
        "config/config.yaml",
        methods=["melu", "melu-copy", "paml"],
        seeds=[0],
        search=SEARCH,
        override={"melu": short, "melu-copy": short | {"epochs": 1}, "paml": short},
    )


def run(project: SmallProject) -> None:
    result = project.snakemake(*TRAINED)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
def test_seeds_are_trained_with_what_is_best_on_validation_users(encoded: SmallProject) -> None:
    project = encoded
    prepare(project)
    run(project)
    for method in ("melu", "paml"):
        choice = read(project, f"results/sample/movielens/search/{method}/choice.json")
        losses = [c["validation_loss"] for c in choice["candidates"]]
        assert len(losses) == 3
        assert losses[choice["chosen"]] == min(losses)
        values = choice["candidates"][choice["chosen"]]["values"]
        for name in (method, f"{method}-copy") if method == "melu" else (method,):
            record = read(project, f"{METHODS}/{name}/seed-0/training.json")
            trained = record["settings"] | {f"network.{k}": v for k, v in record["network"].items()}
            assert values.items() <= trained.items()
    assert read(project, f"{METHODS}/melu-copy/seed-0/training.json")["settings"]["epochs"] == 1
    assert not [*Path(project.folder).rglob("search/*/*/*.safetensors")]

    assert project.planned(*TRAINED) == set()
    project.edit("config/config.yaml", search=SEARCH | {"candidates": 4})
    assert project.planned(*TRAINED) >= {"candidate melu", "choose melu"}
    paml = {"space": SEARCH["space"] | {"paml": {"lr_max": [0.01, 0.2]}}}
    project.edit("config/config.yaml", search=SEARCH | paml)
    planned = project.planned(*TRAINED)
    assert planned >= {"candidate paml", "choose paml", "train paml 0"}
    assert not [job for job in planned if "melu" in job]
