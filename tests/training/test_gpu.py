"""Training on a GPU: finite, repeatable, and of use on a CPU afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from pipeline_lib.devices.choose import make_repeatable
from pipeline_lib.devices.team import ALONE
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.methods.base import Learner, Method, build_method
from pipeline_lib.methods.predict import predict_fold
from pipeline_lib.storage.tensors import read_tensors, write_tensors
from pipeline_lib.training.adamw import AdamW
from pipeline_lib.training.fit import Folds, fit
from pipeline_lib.training.graph import GraphStepper
from pipeline_lib.training.static import StaticStepper
from tests.training.toy import CATALOGUE, FOLDS, GROUPS, LEARNERS, PROBLEM, TASK, make_settings

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU"),
]


def on_gpu(folder: Path) -> Folds:
    CATALOGUE.save(folder / "items")
    FOLDS.train.save(folder / "train")
    FOLDS.validation.save(folder / "validation")
    return Folds(
        Episodes.load(folder / "train", "cuda"),
        Episodes.load(folder / "validation", "cuda"),
        Catalogue.load(folder / "items", "cuda"),
        TASK,
        GROUPS,
    )


@pytest.fixture(autouse=True)
def repeatable() -> Iterator[None]:
    make_repeatable(threads=1)
    yield
    torch.set_deterministic_debug_mode("default")


def trained(kind: str, folds: Folds) -> Method:
    settings = make_settings(kind)
    method = build_method(settings, PROBLEM, 0).to("cuda")
    fit(method, settings, folds, 0, lambda _: None)
    return method


@pytest.mark.parametrize("kind", LEARNERS)
def test_weights_from_a_gpu_predict_the_same_on_a_cpu(kind: str, tmp_path: Path) -> None:
    folds = on_gpu(tmp_path)
    method = trained(kind, folds)
    there, _ = predict_fold(method, folds.validation, folds.catalogue)
    write_tensors(method.state_dict(), tmp_path / "weights")
    back = build_method(make_settings(kind), PROBLEM, 1)
    back.load_state_dict(read_tensors(tmp_path / "weights"))
    here, _ = predict_fold(back, FOLDS.validation, CATALOGUE)
    assert torch.allclose(there.cpu(), here, atol=1e-4)


@pytest.mark.parametrize("kind", LEARNERS)
def test_the_same_seed_gives_the_same_bytes_on_a_gpu(kind: str, tmp_path: Path) -> None:
    folds = on_gpu(tmp_path)
    first, second = (trained(kind, folds).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_recorded_step_leaves_what_a_plain_one_does(tmp_path: Path) -> None:
    folds, ends = on_gpu(tmp_path), []
    for way in (GraphStepper, StaticStepper):
        method = build_method(make_settings("reg-paml"), PROBLEM, 0).to("cuda")
        assert isinstance(method, Learner)
        optimiser = AdamW(method.parameters(), 0.0, 0.01)
        stepper = way(method, optimiser, folds.train, folds.catalogue, ALONE)
        for epoch in (1, 2, 3):
            stepper.epoch(torch.arange(20).split(8), [0.01, 0.02, 0.005], epoch)
        if isinstance(stepper, GraphStepper):
            assert stepper.recorded
        ends.append(method.state_dict())
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])
