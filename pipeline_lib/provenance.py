"""Where a result comes from: the code, the environment and the revision behind it."""

import ast
import hashlib
import platform
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = "pipeline_lib"
ROOT = Path(__file__).parents[1]
# What shows or mirrors a result does not change it.
NOT_COUNTED = {f"{PACKAGE}.{part}" for part in ("logs", "provenance", "training.watch")}
MIRROR = f"{PACKAGE}.tracking"
PACKAGES = (
    "torch",
    "polars",
    "scipy",
    "scikit-learn",
    "pandera",
    "snakemake",
    "mlflow",
    "pyflann-py3",
)


def code_digest(script: Path, modules: Iterable[str] = ()) -> str:
    """Hash the library code that a script depends on (see `dependencies`).

    Comments, docstrings and formatting do not count, so a change of them runs nothing again.
    """
    digest = hashlib.sha256()
    for name, path in sorted(dependencies(script, modules).items()):
        digest.update(f"{name}\n{_normalised(path)}\n".encode())
    return digest.hexdigest()[:16]


def dependencies(script: Path, modules: Iterable[str] = ()) -> dict[str, Path]:
    """Find the library's modules that a script imports, those that they import, and so on.

    modules: further ones that it imports by name at run time.
    """
    found: dict[str, Path] = {}
    waiting = [*_imports(script), *modules]
    while waiting:
        name = waiting.pop()
        if name in found.keys() | NOT_COUNTED or name.startswith(MIRROR):
            continue
        if path := _module_file(name):
            found[name] = path
            waiting.extend(_imports(path))
    return found


def environment() -> dict[str, str]:
    """List the versions that decide a result's bytes, and the source revision."""
    packages = {name: _version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **packages, "revision": _revision()}


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


@cache
def _imports(path: Path) -> tuple[str, ...]:
    return tuple(_imported(ast.parse(path.read_text(encoding="utf-8"))))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module_file(name: str) -> Path | None:
    if name.split(".")[0] != PACKAGE:
        return None
    base = ROOT.joinpath(*name.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


@cache
def _normalised(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return ast.dump(tree)
