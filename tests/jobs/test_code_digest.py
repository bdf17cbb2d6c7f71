"""What counts as a change of code, and what does not."""

import sys
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import pytest

from pipeline_lib.jobs import code_digest
from pipeline_lib.settings.methods.base import kind_modules, known_kinds


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand a library of three modules in place of the real one."""
    folder = tmp_path / "pipeline_lib"
    folder.mkdir()
    (folder / "a.py").write_text("from pipeline_lib.b import f\n")
    (folder / "b.py").write_text('def f(x):\n    """Say."""\n    return x + 1\n')
    (folder / "c.py").write_text("y = 1\n")
    (tmp_path / "script.py").write_text("from pipeline_lib import a\n")
    monkeypatch.setattr(code_digest, "ROOT", tmp_path)
    return folder


def digest(library: Path, *modules: str) -> str:
    for own in (code_digest._read, code_digest._python_file, code_digest._remembered):
        own.cache_clear()
    found = code_digest.code_digests(library.parent / "script.py", modules)
    return code_digest.join_digests(f"{name} {value}" for name, value in found.items())


def test_what_another_process_has_read_is_not_parsed_again(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_exit: list[partial[None]] = []
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr("atexit.register", lambda f, *own: at_exit.append(partial(f, *own)))
    cold = digest(library)
    at_exit.pop()()
    assert [path.name for path in (library / "__pycache__").iterdir()] == ["digests.json"]
    parse = Mock(side_effect=code_digest._parse)
    monkeypatch.setattr(code_digest, "_parse", parse)
    assert digest(library) == cold
    parse.assert_not_called()
    (library / "b.py").write_text("f = 1\n")
    assert digest(library) != cold
    parse.assert_called_once_with("f = 1\n")
    (library / "__pycache__/digests.json").write_text("{", encoding="utf-8")
    (library / "b.py").write_text('def f(x):\n    """Say."""\n    return x + 1\n')
    assert digest(library) == cold


def test_a_change_two_imports_away_counts(library: Path) -> None:
    before = digest(library)
    (library / "b.py").write_text('def f(x):\n    """Say."""\n    return x + 2\n')
    assert digest(library) != before


@pytest.mark.parametrize(
    "same",
    [
        'def f(x):\n    """Say more."""\n    return x + 1\n',
        '# A comment.\ndef f(x):\n    """Say."""\n\n    return (x + 1)\n',
        "def f(x):\n    return x + 1\n",
    ],
    ids=["docstring", "comment and layout", "no docstring"],
)
def test_comments_docstrings_and_layout_do_not_count(library: Path, same: str) -> None:
    before = digest(library)
    (library / "b.py").write_text(same)
    assert digest(library) == before


def test_a_module_that_is_not_imported_does_not_count(library: Path) -> None:
    before = digest(library)
    (library / "c.py").write_text("y = 2\n")
    assert digest(library) == before


def test_a_module_named_besides_counts(library: Path) -> None:
    before = digest(library, "pipeline_lib.c")
    (library / "c.py").write_text("y = 2\n")
    assert digest(library, "pipeline_lib.c") != before


def test_the_script_itself_counts_but_not_its_comments(library: Path) -> None:
    before, script = digest(library), library.parent / "script.py"
    script.write_text('"""Do it."""\n# Like this.\nfrom pipeline_lib import a\n')
    assert digest(library) == before
    script.write_text("from pipeline_lib import a\n\na.f(1)\n")
    assert digest(library) != before


def test_the_module_that_changed_is_named(library: Path) -> None:
    digest(library)
    before = code_digest.code_digests(library.parent / "script.py")
    assert list(before) == ["script.py", "pipeline_lib.a", "pipeline_lib.b"]
    (library / "b.py").write_text("def f(x):\n    return x + 2\n")
    digest(library)
    after = code_digest.code_digests(library.parent / "script.py")
    assert {name for name in before if before[name] != after[name]} == {"pipeline_lib.b"}


def test_every_python_gives_the_same_digest(library: Path) -> None:
    (library / "b.py").write_text(
        "class A: ...\ndef f(x, *, y=None):\n    return f'{x!r} of {y:>3}', {**x}, None\n"
    )
    assert digest(library) == "1b32e66e63172360"


def test_training_depends_on_its_own_method_and_on_no_code_that_makes_its_input() -> None:
    script = Path(__file__).parents[2] / "workflow/scripts/train.py"
    modules = code_digest.dependencies(script, kind_modules("melu"))
    assert {"pipeline_lib.methods.baselines", "pipeline_lib.meta.adapt"} <= modules.keys()
    families = {module for kind in known_kinds() for module in kind_modules(kind)}
    foreign = families - set(kind_modules("melu"))
    foreign |= {
        f"pipeline_lib.{name}"
        for name in ("settings.dataset", "settings.run", "partition.split", "data.clean.clean")
    }
    assert modules.keys() & foreign == set()


def test_the_memory_counts_for_the_method_that_has_one() -> None:
    script = Path(__file__).parents[2] / "workflow/scripts/train.py"
    parts = {"pipeline_lib.meta.memory", "pipeline_lib.meta.neighbours.flann"}
    assert parts <= code_digest.dependencies(script, kind_modules("at-paml")).keys()
    assert not parts & code_digest.dependencies(script, kind_modules("reg-paml")).keys()


def test_what_is_watched_and_mirrored_trains_nothing_again() -> None:
    """Metrics and MLflow decide no weight: a change of theirs leaves trained methods alone."""
    script = Path(__file__).parents[2] / "workflow/scripts/train.py"
    modules = code_digest.dependencies(script, kind_modules("paml"))
    assert "pipeline_lib.training.fit" in modules
    metrics = ("metrics.registry", "metrics.users", "metrics.ranking", "metrics.errors")
    spared = ("tracking", "training.attempt", "training.epoch_metrics", *metrics)
    assert not [m for m in modules if m.startswith(tuple(f"pipeline_lib.{s}" for s in spared))]
