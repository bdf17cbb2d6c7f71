"""Time one training step: all users at once against a per-user autograd loop, in one run.

The shape is that of the paper's run on MovieLens-1M: 32 users a batch, 16 to 202 support rows
(mean 70), a quarter as many query rows, 3,883 items of three features, some 1,200 of them in a
batch, a 320-192-1 network.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn.functional import linear, relu

from pipeline_lib.batch import Batch, PackedRows, take_batch
from pipeline_lib.episodes import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.methods.base import Problem
from pipeline_lib.methods.build import build_method
from pipeline_lib.methods.paml import PAML
from pipeline_lib.models.preference import Embedded, InputSizes
from pipeline_lib.settings.methods.paml import PAMLSettings
from pipeline_lib.settings.network import Network

SIZES = InputSizes(user_features=4, user_values=2300, item_features=3, item_values=8900)
SETTINGS = PAMLSettings(
    kind="paml",
    label="PAML",
    role="proposed",
    epochs=1,
    users_per_batch=32,
    outer_lr=5e-5,
    lr_max=1e-3,
    lr_hidden=(64, 32),
    order="second",
)
ITEMS = 3883


def make_logs(users: int) -> tuple[Episodes, Catalogue]:
    """Draw users and items at random, in MovieLens-1M's sizes."""
    draw = np.random.default_rng(0)
    support = np.clip(draw.lognormal(np.log(56), 0.75, users).astype(int), 16, 202)
    popularity = draw.lognormal(0, 1.3, ITEMS)
    items = torch.tensor(draw.choice(ITEMS, 10**6, p=popularity / popularity.sum()))
    bags = torch.tensor(draw.integers(1, 5, ITEMS * SIZES.item_features))
    catalogue = Catalogue(
        _ragged(bags), torch.randint(1, SIZES.item_values + 1, (int(bags.sum()),)), 3
    )
    codes = torch.randint(1, SIZES.user_values + 1, (users, SIZES.user_features))
    parts = [_rows(torch.tensor(n), items) for n in (support, np.maximum(support // 4, 1))]
    return Episodes(torch.arange(users), codes, *parts), catalogue


def _ragged(lengths: Tensor) -> Ragged:
    return Ragged(torch.cat((torch.zeros(1, dtype=torch.int64), lengths.cumsum(0))))


def _rows(counts: Tensor, items: Tensor) -> Rows:
    rows = int(counts.sum())
    item = items[torch.randint(len(items), (rows,))]
    return Rows(_ragged(counts), item, torch.randint(1, 6, (rows,)).float())


def loop_loss(method: PAML, batch: Batch) -> Tensor:
    """Compute PAML's loss user by user, each with weights of their own."""
    network = method.network
    embedded = network.embed(batch)
    rates = method.inner_lr(embedded.users)
    weights: list[Tensor] = [*network.first.parameters(), *network.later.parameters()]
    losses = []
    for user in range(len(batch)):
        error = _user_error(embedded, batch.support, user, weights)
        gradients = torch.autograd.grad(error, weights, create_graph=True)
        adapted = [w - rates[user] * g for w, g in zip(weights, gradients, strict=True)]
        losses.append(_user_error(embedded, batch.query, user, adapted))
    return torch.stack(losses).mean()


def _user_error(embedded: Embedded, rows: PackedRows, user: int, weights: list[Tensor]) -> Tensor:
    own = rows.user == user
    items = embedded.items[rows.item[own]]
    x = torch.cat((embedded.users[user].expand(len(items), -1), items), 1)
    for weight, bias in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        x = relu(linear(x, weight, bias))
    return (linear(x, weights[-2], weights[-1])[:, 0] - rows.target[own]).square().mean()


def median_ms(step: Callable[[Batch], Tensor], method: PAML, batches: list[Batch]) -> float:
    """Time loss, outer gradient and Adam's step over batches, without the first."""
    optimiser = torch.optim.Adam(method.parameters(), SETTINGS.outer_lr, fused=True)
    times = []
    for batch in batches:
        start = time.perf_counter()
        optimiser.zero_grad()
        step(batch).backward()
        optimiser.step()
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times[1:]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    torch.set_num_threads(parser.parse_args().threads)
    torch.manual_seed(0)
    episodes, catalogue = make_logs(users=512)
    network = Network(embedding_size=32, embedding_std=1.0, hidden=(320, 192))
    method = build_method(SETTINGS, Problem(SIZES, ITEMS, network), seed=0)
    if not isinstance(method, PAML):
        raise TypeError(type(method))
    start = time.perf_counter()
    users = torch.randperm(len(episodes)).split(SETTINGS.users_per_batch)
    batches = [take_batch(episodes, catalogue, u) for u in users]
    assembly = 1000 * (time.perf_counter() - start) / len(batches)
    difference = abs(method.loss(batches[0]).item() - loop_loss(method, batches[0]).item())
    loop = median_ms(lambda batch: loop_loss(method, batch), method, batches)
    ours = median_ms(method.loss, method, batches)
    table = Table(title=f"PAML, one training step, {torch.get_num_threads()} threads")
    for column in ("", "ms a step (median)", "times the loop"):
        table.add_column(column)
    table.add_row("per-user autograd loop", f"{loop:.1f}", "1.0")
    table.add_row("all users at once", f"{ours:.1f}", f"{loop / ours:.1f}")
    table.add_row("  of it, assembling the batch", f"{assembly:.2f}", "")
    console = Console()
    console.print(table)
    console.print(f"Their losses differ by {difference:.1e}.")


if __name__ == "__main__":
    main()
