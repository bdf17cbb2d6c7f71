"""Choose the device of a training job."""

import os

import torch


class DeviceError(Exception):
    """The device asked for is not there."""


def choose_device(name: str) -> torch.device:
    """Resolve `auto`, `cpu` or `cuda`; raise DeviceError for `cuda` on a machine without."""
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError("device: cuda, but torch sees no GPU here; set device: auto or cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def make_repeatable(threads: int) -> None:
    """Make torch give the same bytes for the same seed, device and number of threads.

    To be called before a GPU is first used: only then does cuBLAS heed its workspace setting,
    without which torch refuses matrix products in its deterministic mode.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode("error")  # imports no compiler, as its twin does
