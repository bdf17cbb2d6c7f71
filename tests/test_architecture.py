"""The library's imports point one way, and its public parts are documented."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "pipeline_lib"
MODULES = sorted(LIBRARY.rglob("*.py"))

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
LEAVES = {"reporting", "tracking", "jobs"}
RANK = {part: rank for rank, parts in enumerate(ORDER) for part in parts}
ALONE = {"mlflow": {"tracking", "serving"}, "snakemake": set()}


def part(module: Path) -> str:
    return module.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def named(module: Path) -> str:
    return str(module.relative_to(ROOT))


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_imports_point_one_way(module: Path) -> None:
    own = part(module)
    if own == "__main__":
        return  # as a script, it may import all
    for name in imports(module):
        if name.startswith("pipeline_lib.") and (other := name.split(".")[1]) != own:
            assert other not in LEAVES, f"{own} imports the leaf {other}"
            assert own in LEAVES or RANK[other] <= RANK[own], f"{own} imports {other}"


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_the_library_knows_no_workflow_and_one_place_knows_mlflow(module: Path) -> None:
    for name in imports(module):
        allowed = ALONE.get(name.split(".")[0])
        assert allowed is None or part(module) in allowed, name


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_public_parts_have_docstrings(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for node in [tree, *ast.walk(tree)]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def test_every_rule_has_one_script_of_its_name() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    rules = re.findall(r"^rule (\w+):", text, re.MULTILINE) + re.findall(r'f"(\w+)_{name}"', text)
    scripts = [path.stem for path in (ROOT / "workflow/scripts").glob("*.py")]
    assert sorted(rules) == sorted(scripts) == sorted(re.findall(r"scripts/(\w+)\.py", text))
