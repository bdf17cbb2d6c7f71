"""Tensor files: read as they were written, and refused by name when they are not."""

from pathlib import Path

import pytest
import torch

from pipeline_lib.storage.tensors import TensorFileError, read_tensors, write_tensors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder that nobody has made yet."""
    return tmp_path / "new" / "tensors"


def test_tensors_are_read_as_they_were_written(path: Path) -> None:
    written = {
        "whole": torch.tensor([3, 1], dtype=torch.int64),
        "real": torch.tensor([[0.1, -2.0]], requires_grad=True),
        "strided": torch.arange(6.0).reshape(2, 3).T,
        "none": torch.zeros(0, 4),
        "one": torch.tensor(5),
    }
    write_tensors(written, path)
    read = read_tensors(path)
    assert set(read) == set(written)
    for name, tensor in written.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor.detach())
        assert not read[name].requires_grad


def damaged(content: bytes) -> dict[str, bytes]:
    return {
        "cut": content[:-3],
        "header alone": content[:20],
        "empty": b"",
        "longer": content + b"x",
        "another format": b"PK\x03\x04 a zip file, this is",
        "header garbled": content[:9] + b"\xff" + content[10:],
        "unknown type": content.replace(b"I64", b"Q64"),
    }


@pytest.mark.parametrize("damage", damaged(b""))
def test_damaged_tensors_are_refused_by_name(damage: str, path: Path) -> None:
    write_tensors({"a": torch.arange(10)}, path)
    path.write_bytes(damaged(path.read_bytes())[damage])
    with pytest.raises(TensorFileError) as caught:
        read_tensors(path)
    assert str(caught.value).startswith(f"{path} is damaged (")
    assert str(caught.value).endswith("delete it and run snakemake again")


def test_a_pickle_is_refused(path: Path) -> None:
    path.parent.mkdir()
    torch.save({"a": torch.zeros(2)}, path)
    with pytest.raises(TensorFileError):
        read_tensors(path)
