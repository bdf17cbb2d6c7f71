"""What a device is called, and how much memory a process has held on it."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline_lib.devices import hardware
from pipeline_lib.devices.hardware import hardware_name, peak_bytes

CPU = torch.device("cpu")


def test_a_cpu_has_the_name_that_the_machine_gives_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "cpuinfo"
    monkeypatch.setattr(hardware, "CPU_INFO", info)
    assert hardware_name(CPU)  # of the architecture, where there is no such file
    info.write_text("processor\t: 0\nmodel name\t: Fast CPU @ 3 GHz\nmodel name\t: Other\n")
    assert hardware_name(CPU) == "Fast CPU @ 3 GHz"


def test_the_peak_stays_where_memory_was_given_back() -> None:
    before, pages = peak_bytes(CPU), int(Path("/proc/self/statm").read_text().split()[1])
    now = pages * os.sysconf("SC_PAGE_SIZE")
    held = np.ones((before - now) // 8 + 4_000_000)  # 32 MB more than ever before
    assert peak_bytes(CPU) > before
    most = peak_bytes(CPU)
    del held
    assert peak_bytes(CPU) >= most


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_has_a_name_and_counts_what_torch_held() -> None:
    gpu = torch.device("cuda", 0)
    torch.ones(1_000_000, device=gpu)
    assert hardware_name(gpu)
    assert peak_bytes(gpu) >= 4_000_000
