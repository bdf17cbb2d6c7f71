"""`python -m pipeline_lib leaderboard <files>`: check entries of the leaderboard."""

import argparse
import sys
from pathlib import Path

FOLDER = Path("docs/leaderboard")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("leaderboard", help="check entries of the leaderboard")
    parser.add_argument(
        "files", nargs="*", type=Path, help="entries, beside those in docs/leaderboard"
    )
    parser.set_defaults(func=_check)


def _check(arguments: argparse.Namespace) -> int:
    from pipeline_lib.reporting.leaderboard.check import EntryError, read_entries

    files = {file.resolve(): file for file in [*sorted(FOLDER.glob("*/*.json")), *arguments.files]}
    try:
        entries = read_entries([*files.values()])
    except EntryError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(entries)} entries are sound.")
    return 0
