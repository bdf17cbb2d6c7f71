"""`python -m pipeline_lib sync-tracking`: send what MLflow did not get yet."""

import argparse
import fcntl
import logging
import os
import sys

from pipeline_lib.tracking.journal import OUTBOX
from pipeline_lib.tracking.outbox import journals, unsettled


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("sync-tracking", help="send to MLflow what it did not get yet")
    parser.set_defaults(func=_sync)


def _sync(_: argparse.Namespace) -> int:
    if not (journals(OUTBOX) or unsettled(OUTBOX)):
        print("MLflow has everything.")
        return 0
    with (OUTBOX.parent / "sender.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("A workflow is sending at this moment.")
            return 0
        return _deliver()


def _deliver() -> int:
    from pipeline_lib.tracking.delivery import Delivery

    try:
        delivery = Delivery(OUTBOX.parent, os.environ.get("MLFLOW_TRACKING_URI"), logging.root)
        count = delivery.deliver()
    except Exception as error:
        print(f"The store failed ({type(error).__name__}: {error}).", file=sys.stderr)
        print(f"{len(journals(OUTBOX))} journals wait in {OUTBOX}.", file=sys.stderr)
        return 1
    print(f"{count.sent} events sent, {count.refused} journals refused.")
    return int(bool(count.refused))
