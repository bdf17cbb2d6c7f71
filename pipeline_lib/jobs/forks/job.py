"""A script to run in a forked process as it would run in one of its own."""

import ast
import os
import shlex
import socket
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

CHUNK = 1 << 16
END = b"\0\0"


@dataclass(frozen=True)
class Job:
    """A script, its folder, its environment, and its stdin, stdout and stderr."""

    script: Path
    folder: str
    environment: dict[str, str]
    streams: list[int]

    @classmethod
    def receive(cls, client: socket.socket) -> "Job":
        """Read what client.py sends; raise ConnectionError where the client is gone."""
        message, streams, _, _ = socket.recv_fds(client, CHUNK, 3)
        while not message.endswith(END):
            if not (more := client.recv(CHUNK)):
                raise ConnectionError
            message += more
        script, folder, *variables = os.fsdecode(message.removesuffix(END)).split("\0")
        environment = dict(own.split("=", 1) for own in variables)
        return cls(Path(shlex.split(script)[0]), folder, environment, streams)

    @property
    def name(self) -> str:
        """Return the script's own name: snakemake runs a copy, tmp….<name>.py."""
        return self.script.stem.split(".")[-1]

    def preload(self) -> None:
        """Import what the script imports; what fails, the script itself will meet."""
        with suppress(SyntaxError):
            for node in ast.parse(self.script.read_bytes()).body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    with suppress(Exception):
                        exec(compile(ast.Module([node], []), self.script, "exec"), {})  # noqa: S102

    def run(self) -> int:
        """Do what `python <script>` does; return the status to exit with."""
        for number, stream in enumerate(self.streams):
            os.dup2(stream, number)
        self.close()
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        tempfile.tempdir = None  # found anew from the environment
        sys.path.insert(0, str(self.script.parent))
        sys.argv[:] = [str(self.script)]
        main = sys.modules["__main__"] = ModuleType("__main__")
        main.__file__ = str(self.script)
        try:
            exec(compile(self.script.read_bytes(), self.script, "exec"), main.__dict__)  # noqa: S102
        except SystemExit as end:
            return _status_of(end.code)
        except BaseException as error:
            own = error.__traceback__ and error.__traceback__.tb_next  # without this frame
            sys.excepthook(type(error), error.with_traceback(own), own)
            return 1
        return 0

    def close(self) -> None:
        """Close the streams as they were received."""
        for stream in self.streams:
            os.close(stream)


def _status_of(code: str | int | None) -> int:
    """Return the status that `sys.exit(code)` gives; print a message as that does."""
    if isinstance(code, str):
        print(code, file=sys.stderr)
        return 1
    return (code or 0) & 0xFF
