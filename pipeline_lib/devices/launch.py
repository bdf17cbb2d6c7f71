"""Start a team's processes: on this machine, or on the nodes of a Slurm job.

`main` runs on each node, as torchrun does; but it forks the processes, so that they share the
memory of what they have imported.
"""

import os
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from importlib import import_module
from tempfile import TemporaryDirectory

import torch

from pipeline_lib.devices.choose import DeviceError

# The step in which snakemake runs a script holds all that the job has on the first node.
SRUN = ("srun", "--overlap", "--kill-on-bad-exit=1", "--ntasks-per-node=1")
OF_JOB = ("SLURM_JOB_ID", "SLURM_CONF")


def start_team(
    module: str, argument: str, processes: int, nodes: int, changes: Mapping[str, str]
) -> "subprocess.Popen[str]":
    """Start so many processes on each node; what they print, also as errors, can be read.

    Each calls the function `main` of the module with the argument. changes: of the environment.
    Raises DeviceError where several nodes are asked for, and this is no job of Slurm.
    """
    command = [sys.executable, "-m", __name__, module, argument, str(processes), str(nodes)]
    environment = os.environ | changes
    if nodes == 1:
        command += ["localhost:0", str(uuid.uuid4())]
    elif "SLURM_JOB_ID" not in environment:
        raise DeviceError(
            f"nodes: {nodes}, but this is no job of Slurm; run snakemake with "
            "`--workflow-profile workflow/profiles/slurm`, or set nodes: 1"
        )
    else:
        meeting = f"{socket.gethostname()}:{_free_port()}"
        command = [*SRUN, f"--nodes={nodes}", f"--ntasks={nodes}", *command, meeting]
        command.append(environment["SLURM_JOB_ID"])
        # Without what tells of the step of one node that this script is in.
        environment = {
            name: value
            for name, value in environment.items()
            if name in OF_JOB or not name.startswith("SLURM_")
        }
    pipe, same = subprocess.PIPE, subprocess.STDOUT
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=same, text=True)


def _free_port() -> int:
    with socket.socket() as own:
        own.bind(("", 0))
        return int(own.getsockname()[1])


def main(module: str, argument: str, processes: str, nodes: str, meeting: str, run: str) -> int:
    """Run this node's processes until they end; return the exit status."""
    with TemporaryDirectory(prefix="pipeline-") as folder:  # for what torch would leave behind
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        # Here alone: what starts a team does not need them.
        from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs
        from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
        from torch.distributed.launcher.api import LaunchConfig, elastic_launch

        config = LaunchConfig(
            min_nodes=int(nodes),
            max_nodes=int(nodes),
            nproc_per_node=int(processes),
            run_id=run,
            rdzv_backend="c10d",
            rdzv_endpoint=meeting,
            max_restarts=0,
            # What torch has done with a GPU, no fork can use.
            start_method="spawn" if torch.cuda.is_available() else "fork",
            # A machine may not know its own name.
            local_addr="localhost" if int(nodes) == 1 else None,
            logs_specs=DefaultLogsSpecs(log_dir=folder),
        )
        try:
            elastic_launch(config, import_module(module).main)(argument)
        except ChildFailedError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
