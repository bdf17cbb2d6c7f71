"""A forked script is and does what one in a process of its own is and does."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from pipeline_lib.jobs.forks.start import ONE_THREAD, start_server

WAIT = 60  # seconds that no machine needs

TELLS = """
import os, sys, tempfile
from pathlib import Path
print(__name__, __file__, sys.argv, sys.path, os.getcwd(), sys.stdin.read())
bash = {"_", "PWD", "OLDPWD", "SHLVL"}
print(sorted(own for own in os.environ.items() if own[0] not in bash), tempfile.gettempdir())
print(sys.modules["__main__"].__file__, "on stderr", file=sys.stderr)
"""


@dataclass(frozen=True)
class Shells:
    """A folder with spaces, and the shell that asks the server."""

    folder: Path
    server: psutil.Process
    asks: str

    def write(self, text: str, name: str = "own") -> Path:
        path = self.folder / f"tmp123.{name}.py"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def start(
        self, script: Path, *, by: str | None = None, **variables: str
    ) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S602
            f"set -euo pipefail;  {sys.executable} '{script}'",
            shell=True,
            executable=by or self.asks,
            cwd=self.folder,
            env={**os.environ, **ONE_THREAD, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ends(
        self, script: Path, *, by: str | None = None, **variables: str
    ) -> tuple[int, str, str]:
        process = self.start(script, by=by, **variables)
        out, err = process.communicate("from stdin", timeout=WAIT)
        return process.returncode, out, err

    def forks(self, script: Path, **variables: str) -> bool:
        """Return whether the server forks a script that prints its parent."""
        return self.ends(script, **variables)[1].strip() == str(self.server.pid)


@pytest.fixture
def shells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shells]:
    folder = tmp_path / "a folder"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    asks: list[str] = []
    forks = start_server(asks.append, ["clean"])
    assert forks
    yield Shells(folder, psutil.Process(forks.server.pid), asks[0])
    forks.server.kill()
    forks.server.wait()
    forks.folder.cleanup()


PARENT = "import os; print(os.getppid())"


def until(true: Callable[[], bool]) -> None:
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < WAIT
        time.sleep(0.01)


def test_a_script_finds_what_it_finds_in_a_process_of_its_own(shells: Shells) -> None:
    script = shells.write(TELLS)
    forked = shells.ends(script, OWN="a\nb=c", TMPDIR=str(shells.folder))
    assert forked[0] == 0
    assert "from stdin" in forked[1]
    assert forked == shells.ends(script, by="/bin/bash", OWN="a\nb=c", TMPDIR=str(shells.folder))
    assert shells.forks(shells.write(PARENT))


@pytest.mark.parametrize(
    "text",
    [
        "import sys; sys.exit(3)",
        "import sys; sys.exit('a message')",
        "import sys; sys.exit()",
        "import sys; sys.exit(-1)",
        "import sys; sys.stdout.close(); sys.exit(3)",
        "def own():\n    raise ValueError('a message')\nown()",
        "import no_such_module",
        "a syntax error",
        "import os; os.kill(os.getpid(), 9)",
        "import os; os.kill(os.getpid(), 15)",
        "import atexit; atexit.register(print, 'at the end')",
        "import threading; threading.Timer(0.2, print, ['from a thread']).start()",
        "import os, sys; sys.stdout = os.fdopen(os.dup(1), 'w'); print('not yet written')",
    ],
)
def test_a_script_ends_as_in_a_process_of_its_own(shells: Shells, text: str) -> None:
    script = shells.write(text)
    assert shells.ends(script) == shells.ends(script, by="/bin/bash")


def test_what_scripts_import_is_imported_once(shells: Shells) -> None:
    module = shells.folder / "heavy.py"
    imported = "import pathlib; print(file=pathlib.Path(__file__).with_name('log').open('a'))"
    module.write_text(imported, encoding="utf-8")
    at_the_top = shells.write(f"import heavy\n{PARENT}")
    assert shells.forks(at_the_top)
    assert shells.forks(at_the_top)
    assert (shells.folder / "log").read_text() == "\n"


def test_what_a_script_imports_in_a_function_no_later_one_has_to(shells: Shells) -> None:
    for name, imports in (("first", ""), ("second", "import first"), ("third", "import nothing")):
        text = f"{imports}\nprint(file=open({str(shells.folder / 'log')!r}, 'a'))"
        (shells.folder / f"{name}.py").write_text(text, encoding="utf-8")
    script = shells.write(
        f"from contextlib import suppress\nwith suppress(ImportError):\n    import second, third\n"
        f"{PARENT}"
    )
    for _ in range(3):
        assert shells.forks(script)
    # By the first script and then by the server; what fails there, each script tries.
    assert (shells.folder / "log").read_text() == "\n" * 4


def test_scripts_that_the_server_refuses_run_without_it(shells: Shells) -> None:
    assert not shells.forks(shells.write(PARENT, "clean"))
    assert not shells.forks(shells.write(PARENT), OMP_NUM_THREADS="2")
    assert shells.forks(shells.write(PARENT))


def test_after_an_import_that_starts_threads_nothing_is_forked(shells: Shells) -> None:
    """A fork has one thread alone, and would wait for the others for ever."""
    module = shells.folder / "starts.py"
    module.write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=[1e6], daemon=True).start()\n",
        encoding="utf-8",
    )
    assert shells.forks(shells.write(PARENT))
    assert not shells.forks(shells.write(f"from starts import time\n{PARENT}"))


def test_other_commands_are_bashs(shells: Shells) -> None:
    command = "set -euo pipefail; for i in 1 2; do echo $i $0; done; false | true; echo no"
    own, bash = (
        subprocess.run(command, shell=True, executable=shell, capture_output=True, check=False)  # noqa: S602
        for shell in (shells.asks, "/bin/bash")
    )
    assert (own.returncode, own.stdout.split()[::2]) == (bash.returncode, bash.stdout.split()[::2])


def test_where_the_server_is_gone_the_script_runs_without_it(shells: Shells) -> None:
    script = shells.write(PARENT)
    shells.server.kill()
    until(lambda: ended(shells.server.pid))
    assert not shells.forks(script)
    assert shells.ends(script)[0] == 0


def ended(process: int) -> bool:
    """Return whether a process has ended, even if nothing has asked how."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    return True


LONG = """
import os, time
with open("started", "a") as file:
    print(os.getpid(), file=file)
while True:
    time.sleep(0.01)
"""


def started(shells: Shells) -> list[int]:
    """List the processes in which the long script was started."""
    file = shells.folder / "started"
    return [int(own) for own in file.read_text().split()] if file.exists() else []


def test_a_script_ends_with_the_process_that_waits_for_it(shells: Shells) -> None:
    process = shells.start(shells.write(LONG))
    until(lambda: len(started(shells)) == 1)
    assert psutil.Process(started(shells)[0]).parent() == shells.server
    process.kill()
    process.communicate()
    until(lambda: ended(started(shells)[0]))
    assert shells.forks(shells.write(PARENT))


def test_a_script_whose_server_is_killed_is_killed_and_begun_again(shells: Shells) -> None:
    process = shells.start(shells.write(LONG))
    until(lambda: len(started(shells)) == 1)
    shells.server.kill()
    until(lambda: len(started(shells)) == 2)
    until(lambda: ended(started(shells)[0]))
    psutil.Process(started(shells)[1]).send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=WAIT)
    assert "KeyboardInterrupt" in err


def test_ctrl_c_is_for_the_scripts(shells: Shells) -> None:
    process = shells.start(shells.write(LONG))
    until(lambda: len(started(shells)) == 1)
    for own in (shells.server.pid, process.pid, started(shells)[0]):
        os.kill(own, signal.SIGINT)
    _, err = process.communicate(timeout=WAIT)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in err
    assert shells.forks(shells.write(PARENT))


OWNER = """
import subprocess, sys, time
from pipeline_lib.jobs.forks.start import ONE_THREAD, start_server
asks = []
forks = start_server(asks.append, [])
print(forks.server.pid, flush=True)
command = f"set -euo pipefail; {sys.executable} {sys.argv[1]!r}"
subprocess.run(command, shell=True, executable=asks[0], env=ONE_THREAD)
"""


def test_where_the_process_that_started_them_is_killed_server_and_scripts_are(
    shells: Shells,
) -> None:
    command = [sys.executable, "-c", OWNER, str(shells.write(LONG))]
    with subprocess.Popen(command, cwd=shells.folder, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        server = int(owner.stdout.readline())
        until(lambda: len(started(shells)) == 1)
        processes = [own.pid for own in psutil.Process(owner.pid).children(recursive=True)]
        assert {server, *started(shells)} < {*processes}
        owner.kill()
        until(lambda: all(map(ended, processes)))
    assert len(started(shells)) == 1
