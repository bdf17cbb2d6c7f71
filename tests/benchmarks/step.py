"""Time one training step of every method against other ways to write it, side by side.

The shape is that of the paper's run on MovieLens-1M: 16 to 202 support rows a user (mean 70), a
quarter as many query rows, 3,883 items of three features, a 320-192-1 network.
"""

import argparse
import time
from collections.abc import Sequence

import torch
from rich.console import Console
from rich.table import Table

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.methods.base import Learner
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from tests.benchmarks.measure import Cost, measure
from tests.benchmarks.rivals import Losses, Rival
from tests.benchmarks.world import World, make_world

METHODS = ("transfer", "melu", "meta-sgd", "paml", "at-paml", "reg-paml")
STEPS = {32: 12, 128: 6, 512: 4}
USERS = 3400
WAYS = ("loop, multi-hot", "loop, look-up", "vmap", "higher")


def ways(name: str, method: Learner, world: World) -> dict[str, Losses | None]:
    """List the ways to compute a method's losses; transfer learning takes no inner step."""
    if name == "transfer" or not isinstance(method, AdaptiveLearner):
        return dict.fromkeys(WAYS)
    rival = Rival(method, world)
    functions = (rival.by_multi_hot(), rival.by_look_up(), rival.by_vmap(), rival.by_higher())
    return dict(zip(WAYS, functions, strict=True))


def warm(method: Learner, batches: Sequence[Batch]) -> None:
    """Take an epoch's steps without the optimiser: AT-PAML stores its nodes."""
    for batch in batches:
        method.losses(batch).mean().backward()
        method.after_step(method.trace())
    method.begin_epoch(99)


def main() -> None:
    """Print a table for each batch size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--users", type=int, nargs="+", choices=STEPS, default=[*STEPS])
    parser.add_argument("--methods", nargs="+", default=METHODS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    world, console = make_world(USERS), Console(width=130)
    for users in arguments.users:
        console.print(step_table(world, users, arguments.methods))
        console.print(f"Assembling a batch of {users}: {assembly_ms(world, users):.2f} ms.\n")


def step_table(world: World, users: int, methods: Sequence[str]) -> Table:
    """Measure every method at one batch size."""
    table = Table(
        title=f"{users} users a batch, {torch.get_num_threads()} threads: ms a step (median), "
        "times this engine's, MB at the peak"
    )
    for column in ("", "this engine", *WAYS, "losses differ by"):
        table.add_column(column)
    batches = world.batches(users, STEPS[users])
    for name in methods:
        table.add_row(name, *_cells(name, world, batches))
    return table


def assembly_ms(world: World, users: int) -> float:
    """Time the assembly of a batch."""
    start = time.perf_counter()
    world.batches(users, STEPS[users])
    return 1000 * (time.perf_counter() - start) / STEPS[users]


def _cells(name: str, world: World, batches: list[Batch]) -> list[str]:
    method = world.method(name)
    if name == "at-paml":
        warm(method, world.batches(128, USERS // 128 + 1))
    others, difference = ways(name, method, world), 0.0
    expected = method.losses(batches[0]).detach()
    for losses in others.values():
        if losses:
            own = losses(batches[0]).detach()
            difference = max(difference, float((own - expected).abs().max() / expected.max()))
    ours = measure(method, method.losses, batches, 5e-5)
    costs = [f and measure(method, f, batches, 5e-5) for f in others.values()]
    cells = [_cell(cost, ours) if cost else "" for cost in costs]
    return [f"{ours.ms:.1f}  {ours.mb:.0f} MB", *cells, f"{difference:.0e}" if any(costs) else ""]


def _cell(cost: Cost, ours: Cost) -> str:
    return f"{cost.ms:.0f} ({cost.ms / ours.ms:.1f}x)  {cost.mb:.0f} MB"


if __name__ == "__main__":
    main()
