"""What the figures of a device share: a world on it, methods, and clocks that wait for it."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from pipeline_lib.devices.team import ALONE
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.methods.base import Learner
from pipeline_lib.training.adamw import AdamW
from pipeline_lib.training.step import Stepper
from tests.benchmarks.world import World

METHODS = ("transfer", "melu", "meta-sgd", "paml", "reg-paml", "at-paml")
RATE = 5e-5

Figures = dict[str, str | int | float]

console = Console(width=150)


@dataclass(frozen=True)
class Bench:
    """A device and a world on it. sizes: users a batch."""

    device: torch.device
    world: World
    sizes: Sequence[int]

    def method(self, name: str) -> Learner:
        """Build a method on the device."""
        return self.world.method(name).to(self.device)

    def stepper(self, method: Learner, way: type[Stepper]) -> Stepper:
        """Make what takes a method's steps."""
        optimiser = AdamW(method.parameters(), RATE, 0.0)
        return way(method, optimiser, self.world.episodes, self.world.catalogue, ALONE)

    def batches(self, users: int, count: int) -> list[Tensor]:
        """Draw batches of users."""
        order = torch.randperm(len(self.world.episodes), generator=torch.Generator().manual_seed(1))
        return [order.roll(-users * number)[:users] for number in range(count)]

    def ms(self, work: Callable[[], object]) -> float:
        """Time something in ms, up to the end of what it started on the device."""
        self._wait()
        start = time.perf_counter()
        work()
        self._wait()
        return 1000 * (time.perf_counter() - start)

    def peak_mb(self, work: Callable[[], object]) -> float:
        """Measure the GPU memory that something takes beyond what is held before, in MB.

        That is what torch reserves: a recorded step allocates nothing when it is launched.
        """
        if self.device.type != "cuda":
            return 0.0
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_reserved()
        work()
        return (torch.cuda.max_memory_reserved() - before) / 1e6

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def on_device(world: World, device: torch.device) -> World:
    """Take a world to a device by way of files, as training does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world.episodes.save(folder / "episodes")
        world.catalogue.save(folder / "items")
        episodes = Episodes.load(folder / "episodes", device)
        return replace(world, episodes=episodes, catalogue=Catalogue.load(folder / "items", device))


def show(title: str, rows: Sequence[Figures]) -> None:
    """Print figures as a table."""
    names = [*dict.fromkeys(name for row in rows for name in row)]
    table = Table(*names, title=title)
    for row in rows:
        cells = [row.get(name, "") for name in names]
        table.add_row(*(f"{x:.4g}" if isinstance(x, float) else str(x) for x in cells))
    console.print(table)
