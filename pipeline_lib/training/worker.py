"""One process of a team that trains together; torchrun starts it.

The team leaves a checkpoint behind the last epoch. The first process writes a line of JSON for
each epoch to standard output, and one for what stopped training.
"""

import json
import logging
import sys
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import torch
import torch.distributed as dist
from pydantic import BaseModel

from pipeline_lib.devices.team import Team, join_team
from pipeline_lib.storage.tables import read_json
from pipeline_lib.training.job import Training, make_training
from pipeline_lib.training.record import TrainingJob
from pipeline_lib.training.step import TrainingError


class Request(BaseModel):
    """What a team is to train, from which files, and the trial's folder."""

    job: TrainingJob
    files: dict[str, Path]
    folder: Path


def main(path: Path) -> int:
    """Train what a request asks for; return the exit status."""
    request = read_json(path, Request)
    team = join_team()
    device = torch.device("cuda", torch.cuda.current_device()) if _on_gpu() else "cpu"
    training = make_training(request.job, request.files, request.folder, torch.device(device))
    with training.checkpoint.held() if team.rank == 0 else nullcontext():
        dist.barrier()  # all read the same checkpoint
        stopped = _train(training, team)
    dist.destroy_process_group()
    return int(stopped)


def _train(training: Training, team: Team) -> bool:
    tell = _write if team.rank == 0 else _ignore
    try:
        training.fit(lambda epoch: tell({"epoch": asdict(epoch)}), team)
    except TrainingError as error:
        tell({"stopped": str(error), "users": error.users})
        return True
    return False


def _on_gpu() -> bool:
    return dist.get_backend() == "nccl"


def _write(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


def _ignore(_: dict[str, object]) -> None:
    """Leave the telling to the first process."""


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sys.exit(main(Path(sys.argv[1])))
