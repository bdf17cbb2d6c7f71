"""A run is held by one process, and free as soon as that process is gone."""

import signal
import subprocess
import sys
from collections.abc import Iterator
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


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Hold a run by another process."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "results/mine")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            yield other
        finally:
            other.kill()


def test_a_held_run_is_refused_by_name_and_free_after_a_kill(
    tmp_path: Path, holder: "subprocess.Popen[str]"
) -> None:
    run = tmp_path / "results/mine"
    with pytest.raises(RunHeldError, match=r"Another snakemake works in .*results/mine"):
        hold(run)
    hold(tmp_path / "results/another").release()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    lock = hold(run)
    with pytest.raises(RunHeldError):
        hold(run)
    lock.release()
