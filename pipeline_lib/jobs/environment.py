"""Where a result comes from: the versions and the revision behind it."""

import json
import platform
import subprocess
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "torch",
    "numpy",
    "polars",
    "scipy",
    "scikit-learn",
    "pandera",
    "snakemake",
    "mlflow",
    "pyflann-py3",
)
CARRIERS = {"snakemake", "mlflow"}  # of results, whose numbers others make


def environment() -> dict[str, str]:
    """List the versions that decide a result's bytes, and the source revision."""
    return {**_versions(), "revision": _revision()}


def other_versions(records: Iterable[Path]) -> str:
    """Return a sentence on the finished trainings that other versions made, or "" without any.

    records: where the trainings' records are, or will be.
    """
    now, made = _versions(), [_environment(path) for path in records if path.is_file()]
    others = [
        f"{count} used {name} {version} (now {now[name]})"
        for (name, version), count in Counter(chain(*(own.items() for own in made))).items()
        if name not in CARRIERS and now.get(name, version) != version
    ]
    if not others:
        return ""
    return (
        f"Of {len(made)} finished trainings, {', '.join(others)}. Other versions run nothing "
        "again; `--forcerun train` trains again, and `--forcerun clean` begins with the raw logs."
    )


def _environment(record: Path) -> dict[str, str]:
    """Read the versions of a training; none of a damaged record."""
    try:
        found: dict[str, str] = json.loads(record.read_bytes())["environment"]
    except (ValueError, KeyError, TypeError):
        return {}
    return found


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # pyflann-py3 exists for x86-64 alone
        return "missing"


def _revision() -> str:
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
