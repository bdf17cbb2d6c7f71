"""`python -m pipeline_lib why <file>`: what changed since a file was made."""

import argparse
import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

JOB = re.compile(r"^(?:local)?rule (\w+):\n((?: {4}.*\n)*)", re.MULTILINE)
REASON = re.compile(r"^ {4}reason: (.*)$", re.MULTILINE)
OUTPUT = re.compile(r"^ {4}output: (.*)$", re.MULTILINE)
PARAMS = re.compile(r"before: (.*?) now: (.*)")
CAUSES = {
    r"Missing output files: ([^;]*)": "{} does not exist",
    r"Incomplete output files: ([^;]*)": "{} was not finished",
    r"Updated input files: ([^;]*)": "the input {} changed",
    r"Set of input files has changed": "it has other inputs",
    r"Forced execution": "it is forced",
}
EXCLUSIVE = "<nothing exclusive>"
DIGEST = re.compile(r"(\S+) [0-9a-f]{16}")


class WhyError(Exception):
    """Snakemake cannot plan the file."""


@dataclass(frozen=True)
class Planned:
    """A job that a dry run would do, and snakemake's reason for it."""

    rule: str
    outputs: tuple[str, ...]
    reason: str


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `why`."""
    parser = commands.add_parser("why", help="say what changed since a file was made")
    parser.add_argument("file", help="a file below results/")
    parser.add_argument(
        "options",
        nargs=argparse.REMAINDER,
        help="the run's own options, such as --configfile config/paper.yaml",
    )
    parser.set_defaults(func=_run)


def _run(arguments: argparse.Namespace) -> int:
    try:
        jobs = planned(arguments.file, arguments.options)
    except WhyError as error:
        print(error, file=sys.stderr)
        return 1
    print(explain(arguments.file, jobs))
    return 0


def planned(file: str, options: list[str]) -> list[Planned]:
    """Return the jobs that snakemake would do to make a file; raise WhyError where it cannot."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1", file, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WhyError(done.stderr or done.stdout)
    return read_plan(done.stdout + done.stderr)


def read_plan(text: str) -> list[Planned]:
    """Read the jobs of a dry run from what it prints."""
    found = []
    for rule, body in JOB.findall(text):
        outputs = [name for line in OUTPUT.findall(body) for name in line.split(", ")]
        found.append(Planned(rule, tuple(outputs), "".join(REASON.findall(body))))
    return found


def explain(file: str, jobs: list[Planned]) -> str:
    """Return in one sentence why a file would be made again, from the jobs that lead to it."""
    file = os.path.normpath(file)  # as snakemake names it
    own = [job for job in jobs if file in job.outputs]
    if not own:
        return f"{file} is up to date."
    if any(file in _missing(job.reason) for job in own):
        return f"{file} does not exist yet."
    rules: dict[str, dict[str, None]] = {}
    for job in jobs:
        for cause in _causes(job.reason):
            rules.setdefault(cause, {})[job.rule] = None
    causes = "; ".join(f"{cause} (rule {', '.join(of)})" for cause, of in rules.items())
    return f"{file} would be made again: {causes or 'snakemake names no cause'}."


def _missing(reason: str) -> list[str]:
    found = re.search(r"Missing output files: ([^;]*)", reason)
    return found[1].split(", ") if found else []


def _causes(reason: str) -> Iterator[str]:
    """Name what has changed, by a job's own reason; what other jobs make again is in theirs."""
    for pattern, cause in CAUSES.items():
        if found := re.search(pattern, reason):
            yield cause.format(*found.groups())
    if found := PARAMS.search(reason):
        yield from _changed(*(_values(text) for text in found.groups()))


def _values(text: str) -> list[object]:
    """Read the values of params as snakemake prints them."""
    shown = text.strip().removesuffix(EXCLUSIVE)
    return list(ast.literal_eval(f"[{shown}]"))


def _changed(before: list[object], now: list[object]) -> Iterator[str]:
    """Name the modules and settings that differ."""
    old, new = (dict.fromkeys(filter(None, map(_module, own))) for own in (before, now))
    for name in {**old, **new}:
        how = "changed" if name in old and name in new else "is new" if name in new else "is gone"
        yield f"{name} {how}"
    was, is_now = ([v for v in own if v is not None and not _module(v)] for own in (before, now))
    for a in [value for value in was if isinstance(value, dict)]:
        alike = [b for b in is_now if isinstance(b, dict) and a.keys() & b.keys()]
        if alike:
            was.remove(a)
            is_now.remove(alike[0])
            yield from _settings(a, alike[0])
    if was or is_now:
        yield f"a setting was {_short(was)} and is {_short(is_now)}"


def _settings(old: dict[str, object], new: dict[str, object], place: str = "") -> Iterator[str]:
    for key in {**old, **new}:
        a, b = old.get(key), new.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            yield from _settings(a, b, f"{place}{key}.")
        elif a != b:
            yield f"the setting {place}{key} was {_short(a)} and is {_short(b)}"


def _module(value: object) -> str | None:
    """Return the module or file that a param says the digest of, if it is such a param."""
    found = DIGEST.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else None


def _short(value: object) -> str:
    text = ", ".join(map(repr, value)) or "nothing" if isinstance(value, list) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
