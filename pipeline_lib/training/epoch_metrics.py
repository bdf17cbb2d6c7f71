"""Numbers measured after each epoch for logs and MLflow; training does not depend on them."""

from collections.abc import Sequence

import polars as pl
import torch
from torch import Tensor

from pipeline_lib.devices.hardware import peak_bytes
from pipeline_lib.episodes.format import Episodes
from pipeline_lib.methods.predict import Validation
from pipeline_lib.metrics.errors import aggregate
from pipeline_lib.metrics.users import summarise, user_metrics
from pipeline_lib.settings.task import Task
from pipeline_lib.training.record import EpochRecord

MEGABYTE = 1e6
RAM, GPU = "memory/process_mb", "memory/gpu_mb"


def validation_metrics(
    result: Validation, validation: Episodes, groups: pl.Series, task: Task
) -> dict[str, float]:
    """Compute the task's metrics on validation users, and each group's diagnostics.

    groups: of each validation user. Diagnostics: mean and standard deviation over users with one.
    """
    _, owner, _ = validation.query.users.take(torch.arange(len(validation)).to(result.score.device))
    owners = owner.cpu().numpy()
    rows = pl.DataFrame(
        {
            "user": owners,
            "group": groups[owners],
            "target": _numbers(validation.query.target),
            "score": _numbers(result.score),
        }
    )
    _, metrics = summarise(user_metrics(rows, task), task)
    return {f"validation/{name}": x for name, x in metrics.items()} | _diagnostics(result, groups)


def peak_memory(device: torch.device) -> dict[str, float]:
    """Measure the largest use of RAM by the process, and of its GPU's memory, in MB."""
    figures = {RAM: peak_bytes(torch.device("cpu")) / MEGABYTE}
    if device.type == "cuda":
        figures[GPU] = peak_bytes(device) / MEGABYTE
    return figures


def measured_peak(history: Sequence[EpochRecord]) -> int:
    """Return the most bytes that any epoch measured: of the GPU, or without one of the process."""
    return round(max(e.watched.get(GPU, e.watched[RAM]) for e in history) * MEGABYTE)


def _diagnostics(result: Validation, groups: pl.Series) -> dict[str, float]:
    return {
        f"{name}/{row['group']}_{moment}": row[moment]
        for name, values in result.diagnostics.items()
        for row in _spread(groups, _numbers(values)).iter_rows(named=True)
        for moment in ("mean", "sd")
    }


def _spread(groups: pl.Series, values: pl.Series) -> pl.DataFrame:
    found, value = pl.DataFrame({"group": groups, "value": values}), pl.col("value")
    return aggregate(found.drop_nans(), ["group"], mean=value.mean(), sd=value.std(ddof=0))


def _numbers(values: Tensor) -> pl.Series:
    return pl.Series(values.double().cpu().numpy())
