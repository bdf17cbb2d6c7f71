"""The code behind a rule: the library's modules that its script depends on, and their hash."""

import ast
import atexit
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

from pipeline_lib.settings import own_methods
from pipeline_lib.storage.tables import write_text

PACKAGE = "pipeline_lib"
ROOT = Path(__file__).parents[2]
MOST_KEPT = 2000  # files that are remembered, several versions of each
# What says how a file is read: this module, and the grammar of this Python.
_RULES = Path(__file__).read_bytes() + sys.version.encode()
# Modules and packages that show or watch a result and do not change it.
SPARED = tuple(
    f"{PACKAGE}.{part}"
    for part in ("jobs", "devices.leases", "training.attempt", "training.epoch_metrics")
)


def code_digests(script: Path, modules: Iterable[str] = ()) -> dict[str, str]:
    """Hash a script and each of the library's modules behind it (see `dependencies`), by name.

    Comments, docstrings and formatting do not count, so a change of them runs nothing again.
    """
    files = {script.name: script} | dict(sorted(dependencies(script, modules).items()))
    return {name: _read(path).digest for name, path in files.items()}


def join_digests(params: Iterable[object]) -> str:
    """Hash into one what a rule's params list of code: a name and its digest each.

    None stands for a module that is behind other jobs of the rule alone.
    """
    return _hash("".join(f"{text}\n" for text in params if text is not None))


def dependencies(script: Path, modules: Iterable[str] = ()) -> dict[str, Path]:
    """Find the library's modules that a script imports, those that they import, and so on.

    modules: further ones that it imports by name at run time.
    """
    found: dict[str, Path] = {}
    waiting = [*_read(script).imports, *modules]
    while waiting:
        name = waiting.pop()
        if name in found or not (path := _module_file(name)):
            continue
        found[name] = path
        waiting.extend(
            resolve_name(own, name.rpartition(".")[0] or name) for own in _read(path).imports
        )
    return found


@dataclass(frozen=True)
class _Source:
    """What a file imports, and a hash of its code."""

    imports: tuple[str, ...]
    digest: str


@cache
def _read(path: Path) -> _Source:
    """Read a file, or remember what a file of these bytes says: to parse all takes a second."""
    text, known = path.read_bytes(), _remembered()
    key = hashlib.sha256(text + _RULES).hexdigest()
    if key in known:
        imports, digest = known[key]
        return _Source(tuple(imports), digest)
    source = _parse(text.decode())
    known[key] = source.imports, source.digest
    return source


@cache
def _remembered() -> dict[str, tuple[Sequence[str], str]]:
    """Return what earlier processes read, by the hash of a file; what is added is kept for more."""
    memory = ROOT / PACKAGE / "__pycache__" / "digests.json"
    known: dict[str, tuple[Sequence[str], str]] = {}
    with suppress(OSError, TypeError, ValueError, AttributeError):
        read = json.loads(memory.read_bytes())
        known = {key: (imports, digest) for key, (imports, digest) in read.items()}
    if not sys.dont_write_bytecode:
        atexit.register(_remember, known, len(known), memory)
    return known


def _remember(known: Mapping[str, object], before: int, memory: Path) -> None:
    """Write what is known; a library that cannot be written to is read anew each time."""
    if len(known) == before:
        return
    with suppress(OSError):
        write_text(json.dumps(dict([*known.items()][-MOST_KEPT:])), memory)


def _parse(text: str) -> _Source:
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    imports = tuple(_imported(nodes))
    for node in nodes:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return _Source(imports, _hash(repr(_plain(tree))))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _plain(part: object) -> object:
    """Take what a syntax tree says without empty fields, which differ from Python to Python."""
    if isinstance(part, ast.AST):
        fields = ((name, _plain(value)) for name, value in ast.iter_fields(part))
        return type(part).__name__, *(own for own in fields if own[1] not in (None, []))
    return [_plain(item) for item in part] if isinstance(part, list) else part


def _imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield module
            start = f"{module}." if node.module else module
            yield from (f"{start}{alias.name}" for alias in node.names)


def _module_file(name: str) -> Path | None:
    """Find the file of a module, of the library or of the user's own methods, that counts."""
    top, *parts = name.split(".")
    folders = {PACKAGE: ROOT / PACKAGE, own_methods.PACKAGE: own_methods.method_folder()}
    folder = folders.get(top)
    if folder is None or name.startswith(SPARED):
        return None
    return _python_file(folder.joinpath(*parts))


@cache
def _python_file(base: Path) -> Path | None:
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)
