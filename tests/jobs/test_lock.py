"""A run is held by one process, and free as soon as that process is gone."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_lib.jobs.lock import RunHeldError, hold

HOLD = """
import sys, time
from pathlib import Path
from pipeline_lib.jobs.lock import hold
lock = hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def test_a_held_run_is_refused_by_name_and_free_after_a_kill(tmp_path: Path) -> None:
    run = tmp_path / "results/mine"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(run)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(RunHeldError, match=r"Another snakemake works in .*results/mine"):
            hold(run)
        hold(tmp_path / "results/another").release()
        other.send_signal(signal.SIGKILL)
        other.wait()
    lock = hold(run)
    with pytest.raises(RunHeldError):
        hold(run)
    lock.release()
