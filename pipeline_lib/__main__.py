"""`python -m pipeline_lib <command>`."""

import argparse
import sys

from pipeline_lib.data.inspect import command as inspect
from pipeline_lib.jobs import why
from pipeline_lib.reporting.leaderboard import command as leaderboard
from pipeline_lib.serving import command as recommend
from pipeline_lib.tracking import command as sync_tracking
from pipeline_lib.tracking import ui
from pipeline_lib.tracking.secrets import mask_output


def _main() -> int:
    parser = argparse.ArgumentParser(prog="python -m pipeline_lib")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in (inspect, leaderboard, recommend, sync_tracking, ui, why):
        command.add_parser(commands)
    arguments = parser.parse_args()
    mask_output()
    return int(arguments.func(arguments))


if __name__ == "__main__":
    sys.exit(_main())
