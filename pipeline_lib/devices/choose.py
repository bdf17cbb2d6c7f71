"""Choose the devices of a training job."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from pipeline_lib.devices.leases import lease, name_gpus

log = logging.getLogger(__name__)


class DeviceError(Exception):
    """The device asked for is not there."""


@contextmanager
def take_devices(name: str, wanted: int, jobs_per_gpu: int) -> Iterator[list[torch.device]]:
    """Resolve `auto`, `cpu` or `cuda` to `wanted` devices, and hold those that are GPUs.

    Raises DeviceError for `cuda` on a machine without, or with fewer GPUs than wanted.
    """
    count = 0 if name == "cpu" else torch.cuda.device_count()
    if name == "cuda" and not count:
        raise DeviceError("device: cuda, but torch sees no GPU here; set device: auto or cpu")
    if name == "auto" and not count:
        log.info("no GPU here: training on the CPU")
    if not count:
        yield [torch.device("cpu")] * wanted
        return
    if wanted > count:
        raise DeviceError(f"processes: {wanted}, but there are {count} GPUs here; set fewer")
    names = name_gpus(count, os.environ.get("CUDA_VISIBLE_DEVICES"))
    with lease(names, wanted, jobs_per_gpu) as places:
        log.info("training on GPU %s", ", ".join(names[place] for place in places))
        yield [torch.device("cuda", place) for place in places]


def make_repeatable(threads: int) -> None:
    """Make torch give the same bytes for the same seed, device and number of threads.

    To be called before a GPU is first used: only then does cuBLAS heed its workspace setting,
    without which torch refuses matrix products in its deterministic mode.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode("error")  # imports no compiler, as its twin does


SAID = ("can't allocate memory", "not enough memory")  # by torch, without a GPU


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out, on a GPU or not."""
    by_type = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return by_type or any(text in str(error) for text in SAID)
