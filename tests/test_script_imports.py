"""A script loads the heavy packages that it needs and no others."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPTS = {path.stem: path for path in (ROOT / "workflow/scripts").glob("*.py")}
HEAVY = {"torch", "pandera", "scipy", "sklearn", "matplotlib", "mlflow", "requests"}
# pandera checks every table that is read or written.
LOADED = {
    "clean partition evaluate": "pandera",
    "choose table_6 entries leaderboard": "pandera",
    "sample_logs compare compare_splits tables split_tables metric_tables": "pandera scipy",
    "check_trainings": "pandera",
    "fetch": "pandera requests",
    "encode": "pandera torch",
    "candidate train predict": "pandera torch",
    "project": "pandera torch sklearn",
    "best_model trial_model": "pandera torch mlflow",
    "figures data_report": "pandera matplotlib",
    "report results": "pandera matplotlib scipy",
}
NEEDED = {script: set(own.split()) for some, own in LOADED.items() for script in some.split()}


def at_the_top(body: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Find the imports that are done as a module is loaded: in no function, for no type checker."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If | ast.Try) and "TYPE_CHECKING" not in ast.unparse(node):
            yield from at_the_top([*node.body, *node.orelse])


def file_of(name: str) -> Path | None:
    base = ROOT.joinpath(*name.split("."))
    files = (base.with_suffix(".py"), base / "__init__.py")
    return next((file for file in files if file.is_file()), None)


@cache
def names(path: Path) -> set[str]:
    """Name what a file imports, and what may be modules of it."""
    found = set()
    for node in at_the_top(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            found |= {str(node.module), *(f"{node.module}.{own.name}" for own in node.names)}
    return found


def loaded(script: Path) -> set[str]:
    """Name the heavy packages behind a script."""
    seen: set[str] = set()
    waiting = [*names(script)]
    while waiting:
        name = waiting.pop()
        if name not in seen and (file := file_of(name)):
            waiting.extend(names(file))
        seen.add(name)
    return HEAVY & {name.split(".")[0] for name in seen}


def test_a_script_loads_what_it_needs() -> None:
    assert {name: loaded(path) for name, path in SCRIPTS.items()} == NEEDED
