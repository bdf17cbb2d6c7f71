"""Read and write named tensors as safetensors: no pickle, complete or not at all."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from pipeline_lib.storage.tables import atomic_path


class TensorFileError(Exception):
    """A file of tensors is damaged or holds something else."""


def write_tensors(
    tensors: Mapping[str, Tensor], path: Path, notes: dict[str, str] | None = None
) -> None:
    """Write named tensors, with notes in the file's header; raise OSError if that fails."""
    own = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    with atomic_path(path) as temporary:
        try:
            save_file(own, temporary, notes)
        except SafetensorError as error:  # as on a full disk
            raise OSError(f"{path} cannot be written: {error}") from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read named tensors; raise TensorFileError if the file is damaged."""
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except SafetensorError as error:
        raise TensorFileError(
            f"{path} is damaged ({error}); delete it and run snakemake again"
        ) from error
    return tensors
