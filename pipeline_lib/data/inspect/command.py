"""`python -m pipeline_lib inspect <files>`: print a dataset's YAML to start from."""

import argparse
import sys
from pathlib import Path


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("inspect", help="print a dataset's YAML to start from")
    parser.add_argument("files", nargs="+", type=Path, help="raw files of one dataset")
    parser.set_defaults(func=_inspect)


def _inspect(arguments: argparse.Namespace) -> int:
    from pipeline_lib.data.inspect.describe import describe_files
    from pipeline_lib.data.raw.encoding import RawFileError
    from pipeline_lib.settings.errors import SettingsError

    try:
        print(describe_files(arguments.files), end="")
    except (RawFileError, SettingsError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0
