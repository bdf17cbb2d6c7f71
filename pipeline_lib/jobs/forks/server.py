"""A process that imports what scripts import, each module once, and forks a child for each script.

What a script imports later, in a function, it imports as well, once that script has ended.
Its children are killed when it ends, and it is when the process that started it does.
"""

import atexit
import ctypes
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from pipeline_lib.jobs.forks.job import Job

SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
# Threads of imports that a child can lack: the allocators', and the one that removes what polars
# spills to disk, since scripts that may spill run apart.
NEEDLESS = {"jemalloc_bg_thd", "polars-ooc-clea"}


@dataclass(frozen=True)
class Fork:
    """A child that runs a script, and the client that waits for its end.

    end: a descriptor that can be read from once the child has ended. imports: a file to which it
    then has written the names of the modules that it imported.
    """

    pid: int
    end: int
    imports: int
    client: socket.socket

    def report(self) -> None:
        """Report to the client how the child ended."""
        _, status = os.waitpid(self.pid, 0)
        with suppress(OSError), self.client:
            self.client.sendall(str(status).encode())
        os.close(self.end)

    def learn(self) -> None:
        """Import what the child did, so that no other child has to."""
        os.lseek(self.imports, 0, os.SEEK_SET)
        with os.fdopen(self.imports) as names:
            for name in names.read().split():
                with suppress(Exception):
                    import_module(name)


def serve(listener: socket.socket, apart: Collection[str]) -> Job:
    """Fork for each script that is asked for, without end; return it in the child alone.

    apart: names of scripts that are refused, as those of several threads are.
    """
    forks: list[Fork] = []
    while True:
        waiting = [listener.fileno(), *(own.end for own in forks)]
        ready, _, _ = select.select([*waiting, *(own.client.fileno() for own in forks)], [], [])
        for fork in forks:
            if fork.client.fileno() in ready:  # the client was killed
                os.kill(fork.pid, signal.SIGKILL)
        ended = [own for own in forks if own.end in ready]
        for fork in ended:
            fork.report()
            fork.learn()
            forks.remove(fork)
        if listener.fileno() not in ready:
            continue
        client, _ = listener.accept()
        if not (job := _accept(client, apart)):
            client.close()
            continue
        imports = os.memfd_create("imports")
        if pid := _fork():
            job.close()
            forks.append(Fork(pid, os.pidfd_open(pid), imports, client))
        else:
            atexit.register(_name_imports, imports, {*sys.modules})
            for own in (listener, client, *(fork.client for fork in forks)):
                own.close()
            return job


@dataclass
class Ending:
    """How this process ends: at once, as taking modules apart would copy all that forks share."""

    status: int = 1

    def end(self) -> None:
        """Write what is still to be written, and exit with the status."""
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):  # closed, or to nowhere
                stream.flush()
        os._exit(self.status)


def _accept(client: socket.socket, apart: Collection[str]) -> Job | None:
    """Return what a client asks for, with its imports done; None where that is refused."""
    try:
        job = Job.receive(client)
    except OSError:
        return None
    if job.name not in apart and job.environment.get("OMP_NUM_THREADS") == "1":
        job.preload()
        if _threads() <= NEEDLESS:
            return job
    job.close()
    return None


def _threads() -> set[str]:
    """Name the threads that imports have started here."""
    tasks = Path("/proc/self/task").iterdir()
    return {
        own.joinpath("comm").read_text().strip() for own in tasks if own.name != str(os.getpid())
    }


def _fork() -> int:
    """Fork; return the child's id, in the child 0."""
    server = os.getpid()
    gc.freeze()  # the child's collector leaves alone what both share
    if pid := os.fork():
        return pid
    die_with(server)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return 0


def _name_imports(file: int, before: Collection[str]) -> None:
    """Write the names of the modules that this process has imported since."""
    os.write(file, "\n".join(name for name in sys.modules if name not in before).encode())


def die_with(parent: int) -> None:
    """Have this process killed when its parent ends, however that ends."""
    ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    starter, descriptor, *apart = sys.argv[1:]
    die_with(int(starter))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for snakemake and the scripts
    ending = Ending()
    atexit.register(ending.end)  # first, and so called last
    ending.status = serve(socket.socket(fileno=int(descriptor)), apart).run()
