"""Measure training on a GPU: right, fast, shared by two trainings, and with too little memory.

    python -m tests.benchmarks.gpu --episodes FOLDER

FOLDER holds a run's encoded episodes, such as results/<run>/<dataset>/episodes. Prints tables and
writes all figures to --output. With --device cpu the same program runs small on a CPU, without
what only a GPU has.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import torch

from pipeline_lib.devices.choose import make_repeatable
from pipeline_lib.devices.hardware import hardware_name
from tests.benchmarks.gpu.bench import METHODS, Bench, Figures, console, on_device, show
from tests.benchmarks.gpu.counts import counts
from tests.benchmarks.gpu.precision import precision
from tests.benchmarks.gpu.steps import steps
from tests.benchmarks.gpu.training import read_data, too_little_memory, two_at_once
from tests.benchmarks.world import make_world

TESTS = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "gpu", "tests/training/test_gpu.py")
SIZES = {"cuda": (32, 128, 512), "cpu": (4,)}
ON_CPU = 2  # epochs
SHARED = 60  # epochs


def main() -> None:
    """Run everything that the device can, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=Path, required=True, help="a run's encoded episodes")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--only", choices=METHODS, help="train this method, and nothing else")
    parser.add_argument("--output", type=Path, default=Path("results/benchmarks/gpu.json"))
    arguments = parser.parse_args()
    make_repeatable(threads=torch.get_num_threads())
    device = torch.device(arguments.device)
    world = make_world(3400 if device.type == "cuda" else 64)
    data = read_data(arguments.episodes, world, device)
    if arguments.only:
        show("training", [data.train(arguments.only, arguments.epochs)])
        return
    figures: dict[str, object] = {"device": hardware_name(device), "torch": torch.__version__}

    def keep(title: str, rows: list[Figures]) -> None:
        show(title, rows)
        figures[title] = rows
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        arguments.output.write_text(json.dumps(figures, indent=1), encoding="utf-8")

    console.print(figures)
    if device.type == "cuda":
        tested = subprocess.run([sys.executable, *TESTS], check=False)
        keep("tests", [{"exit status": tested.returncode}])
    bench = Bench(device, on_device(world, device), SIZES[device.type])
    keep("operations", counts(bench))
    keep("relative errors", precision(bench, world))
    keep("training", [data.train(name, arguments.epochs) for name in METHODS])
    keep("steps", steps(bench))
    if device.type == "cuda":
        keep("one GPU for several", two_at_once(arguments.episodes, SHARED))
        keep("too little memory", too_little_memory(data))
        slow = read_data(arguments.episodes, world, torch.device("cpu"))
        keep("training on the CPU", [slow.train(name, ON_CPU) for name in METHODS])


if __name__ == "__main__":
    main()
