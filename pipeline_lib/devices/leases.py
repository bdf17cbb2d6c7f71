"""Leases: each training on a machine holds a GPU of its own, or a share of one."""

import logging
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

LEASES = Path(tempfile.gettempdir(), f"pipeline-gpus-{os.getuid()}")
POLL = 1.0  # seconds

log = logging.getLogger(__name__)


def name_gpus(count: int, visible: str | None) -> list[str]:
    """Return what CUDA_VISIBLE_DEVICES calls the GPUs that this process sees.

    visible: that variable, with which a cluster's scheduler assigns GPUs to a job.
    """
    named = [name.strip() for name in visible.split(",")] if visible else []
    return named[:count] if named else [str(place) for place in range(count)]


@contextmanager
def lease(
    gpus: Sequence[str], wanted: int, jobs_per_gpu: int, folder: Path = LEASES
) -> Iterator[list[int]]:
    """Hold `wanted` different GPUs, idle ones first; wait until so many are free.

    Yields their positions in `gpus`. A lease is a locked file, so it ends with its process, even a
    killed one. Raises ValueError where there are fewer GPUs.
    """
    if wanted > len(gpus):
        raise ValueError(f"{wanted} GPUs are asked for, and there are {len(gpus)} here")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    told = False
    while True:
        with ExitStack() as held:
            taken = _take(gpus, wanted, jobs_per_gpu, folder, held)
            if len(taken) == wanted:
                yield taken
                return
        if not told:
            log.info("all GPUs here are in use (%s); waiting", ", ".join(gpus))
            told = True
        time.sleep(POLL)


def _take(
    gpus: Sequence[str], wanted: int, jobs_per_gpu: int, folder: Path, held: ExitStack
) -> list[int]:
    taken: list[int] = []
    for share in range(jobs_per_gpu):
        for place, gpu in enumerate(gpus):
            if len(taken) == wanted:
                return taken
            if place not in taken and _lock(folder / f"{gpu}-{share}".replace("/", "_"), held):
                taken.append(place)
    return taken


def _lock(path: Path, held: ExitStack) -> bool:
    with suppress(Timeout):
        held.enter_context(FileLock(path).acquire(timeout=0))
        return True
    return False
