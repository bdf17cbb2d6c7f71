"""The device of a training job, and what makes it repeatable."""

import os

import pytest
import torch

from pipeline_lib.training.device import DeviceError, choose_device, make_repeatable


@pytest.mark.usefixtures("_undone")
def test_a_repeatable_job_has_its_threads_and_no_arbitrary_sums() -> None:
    make_repeatable(threads=2)
    assert torch.get_num_threads() == 2
    assert torch.are_deterministic_algorithms_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_auto_takes_a_gpu_where_there_is_one() -> None:
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert choose_device("auto") == torch.device(expected)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_cuda_without_a_gpu_is_refused_with_the_remedy() -> None:
    with pytest.raises(DeviceError, match="set device: auto or cpu"):
        choose_device("cuda")
