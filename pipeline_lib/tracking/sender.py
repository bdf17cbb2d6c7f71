"""The process that sends what jobs tell MLflow, while snakemake runs."""

import fcntl
import logging
import os
import select
import sys
import time
from pathlib import Path

from pipeline_lib.tracking.delivery import Delivery
from pipeline_lib.tracking.outbox import journals

POLL = 0.5  # seconds
LONGEST_PAUSE = 30.0

log = logging.getLogger("tracking")


def send_until_closed(folder: Path) -> None:
    """Send while standard input is open, and then what is left.

    One process sends from a folder at a time; another waits for its turn.
    """
    with (folder / "sender.lock").open("w") as lock:
        if not _wait_for(lock.fileno()):
            return
        delivery: Delivery | None = None
        pause, closed = POLL, False
        last_tries = 3  # jobs may outlive snakemake, but are not waited for
        while last_tries:
            try:
                delivery = delivery or Delivery(folder, os.environ.get("MLFLOW_TRACKING_URI"), log)
                delivery.deliver()
                pause, failed = POLL, False
            except Exception as error:  # whatever the store meets, it is tried again
                log.warning("the store failed: %s: %s", type(error).__name__, error)
                pause, failed = min(2 * pause, LONGEST_PAUSE), True
            if closed and (failed or not journals(folder / "outbox")):
                return
            if closed:
                last_tries -= 1
                time.sleep(POLL)
            else:
                closed = _is_closed(pause)


def _wait_for(lock: int) -> bool:
    """Wait for a lock; tell whether it was got before standard input was closed."""
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _is_closed(POLL):
                return False
        else:
            return True


def _is_closed(seconds: float) -> bool:
    """Wait; tell at once when standard input is closed."""
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable) and not os.read(sys.stdin.fileno(), 1)


if __name__ == "__main__":
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S"
    )
    send_until_closed(Path(sys.argv[1]))
