"""What a device is called, and how much memory a process has held on it."""

import platform
import re
import resource
import sys
from pathlib import Path

import torch

CPU_INFO = Path("/proc/cpuinfo")
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes


def hardware_name(device: torch.device) -> str:
    """Return the name of a GPU, or of this machine's CPU."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    text = CPU_INFO.read_text(encoding="utf-8") if CPU_INFO.exists() else ""
    named = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return named[1].strip() if named else platform.machine()


def peak_bytes(device: torch.device) -> int:
    """Return the most bytes held so far: on a GPU reserved by torch, else the whole process's."""
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT
