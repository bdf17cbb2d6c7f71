"""What stands in for bash as snakemake's shell: `client.py SNAKEMAKE SOCKET BASH -c COMMAND`.

It has the server run a script, and ends as the script does. All else, and a script without a
server, is for bash. Imports little, as it starts with every job. SNAKEMAKE: its process.
"""

import os
import signal
import socket
import sys


def main() -> None:
    """Have the server run a script, or become bash."""
    snakemake, server, bash, *arguments = sys.argv[1:]
    words = arguments[-1].split(maxsplit=4)
    if words[:4] == ["set", "-euo", "pipefail;", sys.executable]:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the script as well
        if status := ask(server, words[4]):
            end_as(int(status))
        if os.getppid() != int(snakemake):  # killed, and so was the server
            sys.exit(1)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(bash, ["bash", *arguments])  # noqa: S606


def ask(server: str, script: str) -> str:
    """Return a script's wait status from the server, once it has ended; "" without an answer."""
    variables = [f"{name}={value}" for name, value in os.environ.items()]
    folder = os.getcwd()  # noqa: PTH109 - pathlib takes longer to import than all else here
    message = os.fsencode("\0".join([script, folder, *variables, "", ""]))
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(server)
            sent = socket.send_fds(connection, [message], [0, 1, 2])
            connection.sendall(message[sent:])
            return connection.recv(16).decode()
        except OSError:
            return ""


def end_as(status: int) -> None:
    """End this process as the one did that has a wait status."""
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
