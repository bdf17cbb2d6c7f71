"""Start a server of forks, and have snakemake's shell ask it to run scripts."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

# What snakemake tells a script of one thread; libraries read it as they are loaded.
LIBRARIES = ("OMP_NUM", "GOTO_NUM", "OPENBLAS_NUM", "MKL_NUM", "VECLIB_MAXIMUM", "NUMEXPR_NUM")
ONE_THREAD = {f"{library}_THREADS": "1" for library in LIBRARIES}


@dataclass(frozen=True)
class Forks:
    """A server, which ends with the process that started it, and the folder of its socket."""

    server: "subprocess.Popen[bytes]"
    folder: "TemporaryDirectory[str]"


def start_server(use_shell: Callable[[str], None], apart: Iterable[str]) -> Forks | None:
    """Start a server; without Linux, bash, or a place for sockets and programs return None.

    use_shell: snakemake's `shell.executable`. apart: names of scripts that run without it.
    """
    if sys.platform != "linux" or not (bash := shutil.which("bash")):
        return None
    folder = TemporaryDirectory(prefix="pipeline-")
    path, shell = Path(folder.name, "socket"), Path(folder.name, "bash")
    client = Path(__file__).with_name("client.py")
    asks = [sys.executable, "-IS", str(client), str(os.getpid()), str(path), bash]
    shell.write_text(f'#!/bin/sh\nexec {shlex.join(asks)} "$@"\n', encoding="utf-8")
    shell.chmod(0o700)
    try:
        subprocess.run([shell, "-c", ":"], check=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(128)
            own = ["pipeline_lib.jobs.forks.server", str(os.getpid()), str(listener.fileno())]
            command = [sys.executable, "-P", "-m", *own, *apart]
            environment = {**os.environ, **ONE_THREAD}
            server = subprocess.Popen(command, env=environment, pass_fds=[listener.fileno()])
    except (OSError, subprocess.CalledProcessError):
        return None
    use_shell(str(shell))
    return Forks(server, folder)
