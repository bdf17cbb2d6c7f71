"""Go on in a folder where a workflow was killed."""

import fcntl
import shutil
from pathlib import Path
from typing import IO

STATE = Path(".snakemake")


def take_over() -> IO[str] | None:
    """Remove the locks that a killed workflow left, as nobody else is there to do it.

    Returns what tells others that this workflow is alive, to be kept open; None where another is
    alive, or where files cannot be locked: snakemake's own locks then stand.
    """
    STATE.mkdir(exist_ok=True)
    alive = (STATE / "alive.lock").open("w")
    try:
        fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        alive.close()
        return None
    shutil.rmtree(STATE / "locks", ignore_errors=True)
    return alive
