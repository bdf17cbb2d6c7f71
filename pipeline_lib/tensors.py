"""Read and write named tensors as safetensors: no pickle, whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipeline_lib.storage import atomic_path


class TensorFileError(Exception):
    """A file of tensors is damaged or holds something else."""


def write_tensors(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write named tensors."""
    with atomic_path(path) as temporary:
        save_file({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, temporary)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read named tensors; raise TensorFileError when the file is damaged."""
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except SafetensorError as error:
        raise TensorFileError(
            f"{path} is damaged ({error}); delete it and run snakemake again"
        ) from error
    return tensors
