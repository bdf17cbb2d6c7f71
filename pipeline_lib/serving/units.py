"""Targets in the units of the log, which requests and answers have, and as they are learned."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
import torch
from torch import Tensor

from pipeline_lib.data.clean.targets import rescale, undo
from pipeline_lib.settings.columns import Target
from pipeline_lib.settings.task import Task


@dataclass(frozen=True)
class Units:
    """The units of a task whose log has a target."""

    task: Task
    target: Target

    @property
    def scale(self) -> tuple[float, float]:
        """Return the lowest and highest target of the log."""
        low, high = self.logged(torch.tensor(self.task.scale, dtype=torch.float64)).tolist()
        return low, high

    def learned(self, values: Tensor) -> Tensor:
        """Compute targets as they are learned from those of the log, [rows] float64."""
        return self._compute(rescale, values)

    def logged(self, values: Tensor) -> Tensor:
        """Compute targets of the log from learned ones, [rows] float64."""
        return self._compute(undo, values)

    def _compute(self, rule: Callable[[pl.Expr, Target], pl.Expr], values: Tensor) -> Tensor:
        found = pl.select(rule(pl.lit(pl.Series("value", values.numpy())), self.target))
        return torch.from_numpy(found["value"].to_numpy(writable=True))
