"""Whole trainings on encoded episodes: alone, two at once, and with too little memory."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import torch

from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.settings.methods.base import LearnerSettings, parse_method
from pipeline_lib.training.fit import Folds, fit
from tests.benchmarks.gpu.bench import Figures
from tests.benchmarks.world import World, read_method

SPARE = 250_000_000  # bytes of the GPU's memory


@dataclass(frozen=True)
class Data:
    """A run's training and validation users on a device."""

    world: World
    folds: Folds

    def train(self, name: str, epochs: int, **changes: object) -> Figures:
        """Train a method as a job does; return its seconds and losses."""
        settings = parse_method(read_method(name) | {"epochs": epochs} | changes)
        if not isinstance(settings, LearnerSettings):
            raise TypeError(name)
        device = self.folds.train.user.device
        method, start = self.world.method(name).to(device), time.perf_counter()
        history = fit(method, settings, self.folds, 0, lambda _: None)
        losses = {f"loss after {e.epoch}": e.train_loss for e in (history[0], history[-1])}
        return {
            "method": name,
            "device": device.type,
            "wall s": time.perf_counter() - start,
            "in steps, s": sum(epoch.seconds for epoch in history),
            "validation loss": history[-1].validation_loss,
            **losses,
        }


def read_data(folder: Path, like: World, device: torch.device) -> Data:
    """Read a run's encoded episodes to a device; like: whose task and network to take."""
    names = ("train", "validation")
    train, validation = (Episodes.load(folder / f"{n}.safetensors", device) for n in names)
    catalogue = Catalogue.load(folder / "items.safetensors", device)
    sizes = replace(
        like.problem.sizes,
        user_values=max(int(fold.codes.max()) for fold in (train, validation)),
        user_features=train.codes.shape[1],
        item_values=int(catalogue.codes.max()),
        item_features=catalogue.features,
    )
    problem = replace(like.problem, sizes=sizes, items=len(catalogue))
    groups = pl.Series(["major"] * len(validation))
    folds = Folds(train, validation, catalogue, problem.task, groups)
    return Data(World(train, catalogue, problem), folds)


def two_at_once(folder: Path, epochs: int) -> list[Figures]:
    """Train PAML in one process, then in two at once; return the seconds of each."""
    command = [sys.executable, "-m", "tests.benchmarks.gpu", "--episodes", str(folder)]
    command += ["--only", "paml", "--epochs", str(epochs)]
    rows: list[Figures] = []
    for count in (1, 2):
        start = time.perf_counter()
        processes = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(count)]
        failed = sum(process.wait() != 0 for process in processes)
        seconds = time.perf_counter() - start
        rows.append({"trainings at once": count, "wall s": seconds, "failed": failed})
    return rows


def too_little_memory(data: Data) -> list[Figures]:
    """Train on batches that do not fit the GPU's memory in one piece."""
    with _little_memory():
        return [data.train("reg-paml", 2, users_per_batch=len(data.folds.train))]


@contextmanager
def _little_memory() -> Iterator[None]:
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_reserved() + SPARE) / total)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
