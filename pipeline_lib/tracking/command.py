"""`python -m pipeline_lib sync-tracking`: send what MLflow did not get yet."""

import argparse
import sys

from filelock import FileLock, Timeout

from pipeline_lib.tracking.watch import LOCK, count_unsent, read_sent

EVERYTHING = "MLflow has everything."


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("sync-tracking", help="send to MLflow what it did not get yet")
    parser.set_defaults(func=_sync)


def _sync(_: argparse.Namespace) -> int:
    if not count_unsent():
        refused = read_sent().refused
        print(f"MLflow has everything but {len(refused)} refused:" if refused else EVERYTHING)
        for path, reason in refused.items():
            print(f"{path}: {reason}")
        return 0
    try:
        with FileLock(LOCK, blocking=False):
            return _send()
    except Timeout:
        print("A workflow is sending at this moment.")
        return 0


def _send() -> int:
    from pipeline_lib.tracking.update import Updater

    try:
        updater = Updater()
        updater.update()
    except Exception as error:
        print(f"The store failed ({type(error).__name__}: {error}).", file=sys.stderr)
        print(f"{count_unsent()} trainings or models wait.", file=sys.stderr)
        return 1
    print(f"{updater.sent} trainings and models sent, {updater.refused} of them refused.")
    for message in sorted(updater.waiting):
        print(message, file=sys.stderr)
    return int(bool(updater.refused or updater.waiting))
