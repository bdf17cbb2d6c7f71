"""The process that mirrors the results into MLflow while snakemake runs."""

import logging
import os
import select
import sys
import time
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pipeline_lib.tracking.secrets import mask_output
from pipeline_lib.tracking.watch import LOCK, is_done, read_sent

if TYPE_CHECKING:
    from pipeline_lib.tracking.update import Updater

POLL = 5.0  # seconds; each time the store is searched for every run that has something new
LONGEST_PAUSE = 30.0
LAST_TRIES, LAST_PAUSE = 3, 2.0  # jobs may outlive snakemake, but are not waited for


def send_until_closed() -> None:
    """Send while standard input is open, and then what is left.

    One process sends from a folder at a time; another waits for its turn.
    """
    lock = FileLock(LOCK)
    while not lock.is_locked:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            if _is_closed(POLL):
                return
    closed = False
    while is_done(read_sent()):
        if closed:
            return
        closed = _is_closed(POLL)
    updater, pause = None, POLL
    while not _is_closed(pause):
        updater = _try(updater)
        pause = POLL if updater else min(2 * pause, LONGEST_PAUSE)
    for _ in range(LAST_TRIES):
        updater = _try(updater)
        if updater is None or is_done(updater.known):
            return
        time.sleep(LAST_PAUSE)


def _try(updater: "Updater | None") -> "Updater | None":
    """Update; return None where the store fails, so that the next try connects anew."""
    from pipeline_lib.tracking.update import Updater, log  # and MLflow, which takes seconds

    try:
        updater = updater or Updater()
        updater.update()
    except Exception as error:  # whatever the store meets, it is tried again
        log.warning("the store failed: %s: %s", type(error).__name__, error)
        return None
    return updater


def _is_closed(seconds: float) -> bool:
    """Wait, at most until standard input is closed; return whether it is."""
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable) and not os.read(sys.stdin.fileno(), 1)


if __name__ == "__main__":
    mask_output()
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S"
    )
    send_until_closed()
