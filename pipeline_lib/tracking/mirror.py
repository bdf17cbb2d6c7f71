"""Start the sender with a workflow, and end it."""

import subprocess
import sys
from contextlib import suppress

from pipeline_lib.tracking.journal import OUTBOX
from pipeline_lib.tracking.outbox import journals

PATIENCE = 10.0  # seconds that the end of a workflow waits for the store


class Mirror:
    """The sender of a workflow. When snakemake is killed, the sender's input closes with it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the sender."""
        OUTBOX.mkdir(parents=True, exist_ok=True)
        with (OUTBOX.parent / "sender.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pipeline_lib.tracking.sender", str(OUTBOX.parent)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C ends the workflow, and not what it had to tell
            )

    def finish(self) -> str:
        """Let the sender send what is left, for ten seconds at most; tell what it could not."""
        if self.process is None or self.process.stdin is None:
            return ""
        self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        left = len(journals(OUTBOX))
        if not left:
            return ""
        return (
            f"MLflow does not have all yet: {left} journals wait in {OUTBOX}/ (see "
            f"{OUTBOX.parent}/sender.log); `make sync-tracking` sends them"
        )
