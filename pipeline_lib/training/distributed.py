"""Train in several processes that share every batch.

`train_as_team` runs in the job: it starts the processes and reads what the first one reports.
`main` runs in each of them. They leave a checkpoint behind the last epoch, from which the job takes
the result. The first one writes a line of JSON to standard output for each epoch, and one for the
end or the error that stopped training. All else that they write goes to the job's log.
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from pydantic import BaseModel

from pipeline_lib.devices.launch import start_team
from pipeline_lib.devices.leases import name_gpus
from pipeline_lib.devices.team import Team, join_team
from pipeline_lib.storage.tables import read_json, write_json
from pipeline_lib.training.job import Training, make_training
from pipeline_lib.training.record import EpochRecord, TrainingJob
from pipeline_lib.training.step import TooLargeError, TrainingError

NAME = ".team.json"
REPORTS = {"epoch", "finished", "stopped", "too_large"}

log = logging.getLogger(__name__)


class TeamJob(BaseModel):
    """What each process reads: the job, its input files and the trial's folder."""

    job: TrainingJob
    files: dict[str, Path]
    folder: Path


def train_as_team(
    job: TrainingJob,
    files: Mapping[str, Path],
    folder: Path,
    devices: Sequence[torch.device],
    nodes: int,
    on_epoch: Callable[[EpochRecord], None],
) -> None:
    """Train up to the checkpoint after the last epoch, with a process for each device of each node.

    devices: of this node; the others have as many. Raises DeviceError as `start_team` does,
    TrainingStoppedError and TooLargeError as `run_training` does, and ChildProcessError when a
    process crashes.
    """
    path = folder / NAME
    write_json(TeamJob(job=job, files=dict(files), folder=folder), path)
    changes = _visible(devices, nodes) | {"OMP_NUM_THREADS": str(job.threads)}
    try:
        with start_team(__name__, str(path), len(devices), nodes, changes) as process:
            stopped = _read_reports(process.stdout or (), on_epoch)
    finally:
        path.unlink(missing_ok=True)
    if stopped is not None:
        training = make_training(job, files, folder, devices[0])
        raise training.stop(stopped, training.checkpoint.load_best(training.method))
    if process.returncode:
        raise ChildProcessError(f"the team's processes ended with status {process.returncode}")


def _read_reports(
    lines: Iterable[str], on_epoch: Callable[[EpochRecord], None]
) -> TrainingError | None:
    """Hand on each epoch; return the error that stopped training, if one did.

    lines: to the end of all processes; what is no report is logged, such as what NCCL prints.
    Raises TooLargeError where a process did, ChildProcessError where the lines end before training
    does. srun may end with status 0 when a node is lost.
    """
    end: dict[str, Any] = {}
    for line in lines:
        message = _parse(line)
        if message is None:
            log.info("%s", line.rstrip())
        elif "epoch" in message:
            on_epoch(EpochRecord(**message["epoch"]))
        else:
            end = end or message
    if not end:
        raise ChildProcessError("the team's processes ended before training did")
    if "too_large" in end:
        raise TooLargeError(end["too_large"], [])
    return TrainingError(end["stopped"], end["users"]) if "stopped" in end else None


def _parse(line: str) -> dict[str, Any] | None:
    """Return a line's report, None where it is none."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.keys() & REPORTS else None


def _visible(devices: Sequence[torch.device], nodes: int) -> dict[str, str]:
    """Return the variable that shows these GPUs alone to the processes; none for the CPU.

    On several nodes Slurm sets it on each.
    """
    if devices[0].type == "cpu":
        return {"CUDA_VISIBLE_DEVICES": ""}
    if nodes > 1:
        return {}
    names = name_gpus(torch.cuda.device_count(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    return {"CUDA_VISIBLE_DEVICES": ",".join(names[device.index] for device in devices)}


def main(path: str) -> None:
    """Train as one process of the team; path: of the file that `train_as_team` writes."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    own = read_json(Path(path), TeamJob)
    team = join_team()
    on_gpu = dist.get_backend() == "nccl"
    device = torch.device("cuda", torch.cuda.current_device()) if on_gpu else torch.device("cpu")
    training = make_training(own.job, own.files, own.folder, device)
    with training.checkpoint.held() if team.rank == 0 else nullcontext():
        dist.barrier()  # all processes read the same checkpoint
        _train(training, team)
    dist.destroy_process_group()


def _train(training: Training, team: Team) -> None:
    """Train, and report each epoch and how it ended.

    A process whose memory is too small ends, and with it all others, which wait for it.
    """

    def report(message: dict[str, object]) -> None:
        """Write a line; only the first process does."""
        if team.rank == 0:
            print(json.dumps(message), flush=True)

    try:
        training.fit(lambda epoch: report({"epoch": asdict(epoch)}), team)
    except TooLargeError as error:
        print(json.dumps({"too_large": str(error)}), flush=True)
        sys.exit(1)
    except TrainingError as error:
        report({"stopped": str(error), "users": error.users})
    else:
        report({"finished": True})
