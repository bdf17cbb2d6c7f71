"""The devices of a training job, repeatable arithmetic on them, and running out of memory."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from pipeline_lib.devices.leases import lease, name_gpus

# What is said of too little RAM, or of a GPU that others fill, for which torch has no exception.
TOO_LITTLE = (
    "can't allocate memory",
    "not enough memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)

log = logging.getLogger(__name__)


class DeviceError(Exception):
    """The machine has no such device."""


@contextmanager
def take_devices(name: str, wanted: int, jobs_per_gpu: int) -> Iterator[list[torch.device]]:
    """Yield `wanted` devices for `auto`, `cpu` or `cuda`; GPUs are leased meanwhile.

    Raises DeviceError for `cuda` on a machine without a GPU, or with fewer than wanted.
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
        raise DeviceError(
            f"{wanted} processes are to train here, but there are {count} GPUs; set fewer processes"
        )
    names = name_gpus(count, os.environ.get("CUDA_VISIBLE_DEVICES"))
    # A scheduler or a container may call every GPU 0; what a GPU is, all processes agree on.
    own = [str(torch.cuda.get_device_properties(place).uuid) for place in range(count)]
    with lease(own, wanted, jobs_per_gpu) as places:
        log.info("training on GPU %s", ", ".join(names[place] for place in places))
        yield [torch.device("cuda", place) for place in places]


def make_repeatable(threads: int) -> None:
    """Make torch compute the same bytes for the same seed, device and number of threads.

    Call it before a GPU is first used: only then does cuBLAS read its workspace setting, without
    which torch refuses matrix products in its deterministic mode.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    # torch.use_deterministic_algorithms does the same, but imports a compiler.
    torch.set_deterministic_debug_mode("error")


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that the GPU's memory or the RAM was too small."""
    by_type = isinstance(error, MemoryError | torch.OutOfMemoryError)
    return by_type or any(text in str(error) for text in TOO_LITTLE)
