"""The library's imports point one way, its public parts are documented, and its top is tidy."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "pipeline_lib"

# A part may import from the parts before it; `leaf` parts only scripts may use.
ORDER = [
    {"settings", "schemas", "seeds", "storage", "devices"},
    {"metrics", "partition", "episodes"},
    {"data"},
    {"models"},
    {"meta"},
    {"methods"},
    {"training"},
    {"evaluation"},
    {"serving"},
]
LEAVES = {"api", "reporting", "tracking", "jobs"}
RANK = {part: rank for rank, parts in enumerate(ORDER) for part in parts}
ALONE = {"mlflow": {"tracking", "serving"}, "snakemake": set()}
AT_THE_TOP = {"__init__", "__main__", "seeds"}


@cache
def trees() -> dict[Path, ast.Module]:
    """Parse every module of the library."""
    return {p: ast.parse(p.read_text(encoding="utf-8")) for p in sorted(LIBRARY.rglob("*.py"))}


def part(module: Path) -> str:
    return module.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(trees()[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def may_import(own: str, other: str) -> bool:
    """Return whether a part may import another; `__main__` may import all, as scripts may."""
    if own in (other, "__main__"):
        return True
    return other not in LEAVES and (own in LEAVES or RANK[other] <= RANK[own])


def test_imports_point_one_way() -> None:
    assert len(trees()) > 100
    wrong = [
        f"{module.relative_to(ROOT)} imports {name}"
        for module in trees()
        for name in imports(module)
        if name.startswith("pipeline_lib.") and not may_import(part(module), name.split(".")[1])
    ]
    assert wrong == []


def test_the_library_knows_no_workflow_and_few_parts_know_mlflow() -> None:
    wrong = [
        f"{module.relative_to(ROOT)} imports {name}"
        for module in trees()
        for name in imports(module)
        if part(module) not in ALONE.get(name.split(".")[0], {part(module)})
    ]
    assert wrong == []


def test_no_path_given_to_polars_is_a_pattern() -> None:
    """Every reader is told so by `glob=False`, as each takes brackets in a path for a pattern."""
    scripts = {path: ast.parse(path.read_text("utf-8")) for path in ROOT.glob("workflow/**/*.py")}
    calls = [
        (f"{path.relative_to(ROOT)}:{node.lineno}", node)
        for path, tree in {**trees(), **scripts}.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and re.fullmatch(r"(pl|polars)\.(read|scan)_\w+", ast.unparse(node.func))
    ]
    assert len(calls) >= 8
    assert [w for w, call in calls if "glob=False" not in map(ast.unparse, call.keywords)] == []


def test_public_parts_have_docstrings() -> None:
    wrong = [
        f"{module.relative_to(ROOT)}: {getattr(node, 'name', 'the module')}"
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)
        and not getattr(node, "name", "").startswith("_")
        and not (isinstance(node, ast.Module) and module.name == "__init__.py" and not node.body)
        and not ast.get_docstring(node)
    ]
    assert wrong == []


def test_at_the_librarys_top_are_packages_and_few_modules() -> None:
    modules = {path.stem for path in LIBRARY.glob("*.py")}
    assert modules <= AT_THE_TOP
    folders = {p for p in LIBRARY.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert {p.name for p in folders} == LEAVES.union(*ORDER) - {"seeds"}
    assert [p.name for p in folders if not (p / "__init__.py").is_file()] == []


def test_every_rule_has_one_script_of_its_name_a_docstring_and_a_log() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    bodies = re.findall(r"^rule (\w+):\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    rules = [name for name, _ in bodies]
    scripts = [path.stem for path in (ROOT / "workflow/scripts").glob("*.py")]
    assert sorted(rules) == sorted(scripts) == sorted(re.findall(r"scripts/(\w+)\.py", text))
    assert [name for name, body in bodies if not body.startswith('    """')] == []
    assert [name for name, body in bodies if "\n    log:\n" not in body] == []
    assert not re.search(r"^ +rule\b.*:$", text, re.MULTILINE)  # none is made in a loop


def test_the_map_of_the_code_names_files_that_exist() -> None:
    text = (ROOT / "docs/development.md").read_text(encoding="utf-8")
    rows = [row for row in text.splitlines() if row.startswith("| ") and "`" in row]
    named = [
        re.sub(r"<[^>]*>", "*", name) for row in rows for name in re.findall(r"`(\S+[./]\S*)`", row)
    ]
    assert len(named) > 30
    assert [n for n in named if not [*ROOT.glob(n), *LIBRARY.glob(n)]] == []
