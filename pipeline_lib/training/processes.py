"""Start a team of processes that train together, and follow it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from pipeline_lib.devices.leases import name_gpus
from pipeline_lib.storage.tables import write_json
from pipeline_lib.training.job import make_training, name_users
from pipeline_lib.training.record import Epoch, TrainingJob
from pipeline_lib.training.step import TrainingError
from pipeline_lib.training.worker import Request

NAME = ".team.json"


def train_as_team(
    job: TrainingJob,
    files: Mapping[str, Path],
    folder: Path,
    devices: Sequence[torch.device],
    on_epoch: Callable[[Epoch], None],
) -> None:
    """Train in a process for each device, up to a checkpoint behind the last epoch.

    Raises TrainingStoppedError as `run_training` does, and ChildProcessError when a process
    breaks.
    """
    request = folder / NAME
    write_json(Request(job=job, files=dict(files), folder=folder), request)
    module = ("-m", "pipeline_lib.training.worker", str(request))
    team = ("-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={len(devices)}")
    environment = os.environ | _visible(devices) | {"OMP_NUM_THREADS": str(job.threads)}
    with subprocess.Popen(
        [sys.executable, *team, *module], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        stopped = _follow(process, on_epoch)
    request.unlink()
    if stopped is not None:
        training = make_training(job, files, folder, devices[0])
        training.checkpoint.load_best(training.method)
        raise name_users(stopped, files, training.method)
    if process.returncode:
        raise ChildProcessError(f"the team's processes ended with status {process.returncode}")


def _follow(
    process: "subprocess.Popen[str]", on_epoch: Callable[[Epoch], None]
) -> TrainingError | None:
    stopped = None
    for line in process.stdout or ():
        message = json.loads(line)
        if "epoch" in message:
            on_epoch(Epoch(**message["epoch"]))
        else:
            stopped = TrainingError(message["stopped"], message["users"])
    return stopped


def _visible(devices: Sequence[torch.device]) -> dict[str, str]:
    """Let the team see these GPUs alone; with the CPU, none."""
    if devices[0].type == "cpu":
        return {"CUDA_VISIBLE_DEVICES": ""}
    names = name_gpus(torch.cuda.device_count(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    return {"CUDA_VISIBLE_DEVICES": ",".join(names[device.index] for device in devices)}
