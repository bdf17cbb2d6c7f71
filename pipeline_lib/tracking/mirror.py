"""Start the sender with a workflow, and end it."""

import subprocess
import sys
from contextlib import suppress

from pipeline_lib.tracking.watch import HOME, count_unsent

PATIENCE = 10.0  # seconds that the end of a workflow waits for the store
LOG = HOME / "sender.log"


class Mirror:
    """The sender of a workflow. When snakemake is killed, the sender's input closes with it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the sender."""
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with LOG.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipeline_lib.tracking.sender"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C ends the workflow, and not what is left to send
            )

    def finish(self) -> str:
        """Let the sender send what is left, for ten seconds at most.

        Return a message about what it could not send, "" where it sent all.
        """
        if self.process is None or self.process.stdin is None:
            return ""
        self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        if not (left := count_unsent()):
            return ""
        return (
            f"MLflow does not have all yet: {left} trainings or models wait (see {LOG}); "
            "`make sync-tracking` sends them"
        )
