"""A real Slurm on loopback: a controller and two nodes, one of them with a pretended GPU."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.workflow.small_project import wait_until

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch")
NODES = ("cpu1", "gpu1")
FOUND = Path("/etc/slurm/slurm.conf")  # where Slurm's commands look, also those within jobs
# A job that lost its node waits for `cred_expire` before it starts again.
CONFIG = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=20
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=5
KillWait=2
OverTimeLimit=0
MinJobAge=600
JobRequeue=1
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=0
GresTypes=gpu
NodeName=cpu1 NodeAddr=127.0.0.1 NodeHostname={host} Port={cpu1} CPUs=2 RealMemory=64000
NodeName=gpu1 NodeAddr=127.0.0.1 NodeHostname={host} Port={gpu1} CPUs=2 RealMemory=64000 Gres=gpu:1
PartitionName=cpu Nodes=cpu1 Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=gpu1 MaxTime=INFINITE State=UP
PartitionName=both Nodes=cpu1,gpu1 MaxTime=INFINITE State=UP
"""


@dataclass
class Slurm:
    """Daemons and their folder."""

    folder: Path
    daemons: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def run(self, *command: str) -> str:
        """Run one of Slurm's commands."""
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def jobs(self, states: str = "all") -> list[dict[str, str]]:
        """List the jobs by their fields."""
        lines = self.run("scontrol", "--oneliner", "show", "job").splitlines()
        pairs = [[part.partition("=") for part in line.split()] for line in lines if "=" in line]
        return [{key: value for key, _, value in line} for line in pairs]

    def start_node(self, node: str) -> None:
        """Start a node's daemon."""
        config = str(self.folder / "slurm.conf")
        self._start(node, "slurmd", "-D", "-f", config, "-N", node)

    def lose_node(self, node: str) -> None:
        """Kill a node with all that runs on it, as a power cut does: nobody reports anything.

        Steps of other nodes go too: Slurm does not tell which node they are of.
        """
        daemon = self.daemons.pop(node)
        daemon.kill()
        daemon.wait()
        steps = [p for p in psutil.process_iter() if p.name() == "slurmstepd"]
        for process in [*steps, *processes_of(node)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.run("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=lost")

    def bring_back(self, node: str) -> None:
        """Start a lost node's daemon; Slurm takes jobs for it at once or is told to."""
        self.start_node(node)
        wait_until(lambda: self._takes_jobs(node))

    def _takes_jobs(self, node: str) -> bool:
        if "down" not in self.run("sinfo", "-h", "-n", node, "-o", "%T"):
            return True
        resume = ["scontrol", "update", f"NodeName={node}", "State=RESUME"]
        subprocess.run(resume, capture_output=True, check=False)  # fails where it is up by now
        return False

    def start(self) -> None:
        """Start everything, and wait until the nodes are up."""
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        (self.folder / "state").mkdir()
        ports = dict(zip(("controller", *NODES), free_ports(3), strict=True))
        config = CONFIG.format(folder=self.folder, host=socket.gethostname(), **ports)
        (self.folder / "slurm.conf").write_text(config, encoding="utf-8")
        FOUND.symlink_to(self.folder / "slurm.conf")
        (self.folder / "gres.conf").write_text("NodeName=gpu1 Name=gpu File=/dev/null\n", "utf-8")
        (self.folder / "cgroup.conf").write_text("", "utf-8")
        files = {"socket": "munge.socket", "pid-file": "munge.pid", "log-file": "munge.log"}
        files |= {"seed-file": "munge.seed", "key-file": "munge.key"}
        options = [f"--{name}={self.folder / file}" for name, file in files.items()]
        self._start("munged", "munged", "--foreground", "--force", *options)
        wait_until(lambda: (self.folder / "munge.socket").exists())
        self._start("slurmctld", "slurmctld", "-D", "-f", str(self.folder / "slurm.conf"))
        for node in NODES:
            self.start_node(node)
        wait_until(lambda: {*self.run("sinfo", "-h", "-o", "%T", "-N").split()} == {"idle"})

    def stop(self) -> None:
        """Stop everything."""
        for name, daemon in reversed(self.daemons.items()):
            if name in NODES:
                self.run("scancel", "--user=root")
            daemon.terminate()
            try:
                daemon.wait(60)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        for node in NODES:  # what outlived its node waits for those that did not
            for process in processes_of(node):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        FOUND.unlink(missing_ok=True)

    def _start(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as output:
            self.daemons[name] = subprocess.Popen(command, stdout=output, stderr=output)


def processes_of(node: str) -> Iterator[psutil.Process]:
    """Find what jobs run on a node."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("SLURMD_NODENAME") == node:
                yield process


def missing() -> str:
    """Return what stands in the way of a Slurm here; nothing if nothing does."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    if absent := [name for name in NEEDED if shutil.which(name, path=path) is None]:
        return f"needs slurm-wlm and munge ({', '.join(absent)} not found)"
    if FOUND.exists():
        return f"there is a Slurm here already ({FOUND})"
    return "" if os.getuid() == 0 else "Slurm's daemons start jobs as root alone"


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def running(folder: Path) -> Iterator[Slurm]:
    """Run a Slurm."""
    slurm = Slurm(folder)
    try:
        slurm.start()
        yield slurm
    finally:
        slurm.stop()
