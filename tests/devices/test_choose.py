"""The device of a training job, and what makes it repeatable."""

import os
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from pipeline_lib.devices.choose import DeviceError, make_repeatable, take_devices


@pytest.mark.usefixtures("_undone")
def test_a_repeatable_job_has_its_threads_and_no_arbitrary_sums() -> None:
    make_repeatable(threads=2)
    assert torch.get_num_threads() == 2
    assert torch.are_deterministic_algorithms_enabled()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_auto_without_a_gpu_takes_the_cpu_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"), take_devices("auto", 2, 1) as devices:
        assert devices == [torch.device("cpu")] * 2
    assert caplog.messages == ["no GPU here: training on the CPU"]


def test_the_cpu_is_taken_without_a_word(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"), take_devices("cpu", 1, 1) as devices:
        assert devices == [torch.device("cpu")]
    assert caplog.messages == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_cuda_without_a_gpu_is_refused_with_the_remedy() -> None:
    with pytest.raises(DeviceError, match="set device: auto or cpu"), take_devices("cuda", 1, 1):
        pytest.fail("a GPU was found")


def test_each_job_gets_the_gpu_that_is_free(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Torch's GPUs are all that is pretended; leases are real."""
    pretend(monkeypatch, [f"{tmp_path.name}-a", f"{tmp_path.name}-b"])
    with take_devices("auto", 1, 1) as first, take_devices("cuda", 1, 1) as second:
        assert first + second == [torch.device("cuda", 0), torch.device("cuda", 1)]
    with pytest.raises(DeviceError, match="3 processes are to train here, but there are 2 GPUs"):
        take_devices("cuda", 3, 1).__enter__()


def test_what_two_jobs_call_0_may_be_two_gpus(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A scheduler, or a container, numbers anew those that it gives a job."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with ExitStack() as held:
        for own in ("a", "b"):  # neither waits for the other
            pretend(monkeypatch, [f"{tmp_path.name}-{own}"])
            assert held.enter_context(take_devices("cuda", 1, 1)) == [torch.device("cuda", 0)]


def pretend(monkeypatch: pytest.MonkeyPatch, uuids: list[str]) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(uuids))
    found = [SimpleNamespace(uuid=uuid) for uuid in uuids]
    monkeypatch.setattr(torch.cuda, "get_device_properties", found.__getitem__)
