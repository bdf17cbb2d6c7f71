"""YAML files that are refused: broken, unsafe, or with a key that stands twice."""

from pathlib import Path

import pytest

from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.files import read_yaml


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.yaml"


def refusal(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        read_yaml(path)
    return str(caught.value)


def test_invalid_yaml_is_named_with_its_file_and_line(path: Path) -> None:
    message = refusal(path, "kind: melu\nlabel: [1\n")
    assert message.startswith(f"{path}: not valid YAML: ")
    assert f'in "{path}", line 2, column 8' in message


def test_a_python_object_is_refused_and_not_made(path: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
    message = refusal(path, f"kind: !!python/object/apply:os.mkdir ['{made}']\n")
    assert message.startswith(f"{path}: not valid YAML: could not determine")
    assert not made.exists()


@pytest.mark.parametrize("text", ["", "- kind\n", "melu\n"])
def test_yaml_without_keys_is_refused(path: Path, text: str) -> None:
    assert refusal(path, text) == f"{path}: must hold `key: value` lines"


def test_a_file_that_is_not_utf_8_is_refused_by_name(path: Path) -> None:
    path.write_text("kind: melu\nlabel: Mélu\n", encoding="latin-1")
    with pytest.raises(SettingsError) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}: not valid YAML: ")


@pytest.mark.parametrize(
    ("text", "again", "first"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1),
        ("t:\n  b: 2\n  a: 1\n  a: 1\n", 4, 3),
        ("t: [{a: 1,\n a: 2}]\n", 2, 1),
        ("a: 1\n'a': 2\n", 2, 1),
    ],
)
def test_a_key_that_stands_twice_is_named_with_both_lines(
    path: Path, text: str, again: int, first: int
) -> None:
    assert refusal(path, text) == (
        f"{path}: line {again}: the key 'a' stands here again, first in line {first}; "
        "keep one of the two"
    )


def test_the_same_key_in_different_mappings_is_no_repeat(path: Path) -> None:
    path.write_text("users: {file: a}\nitems: [{file: a}, {file: b}]\n", encoding="utf-8")
    assert read_yaml(path) == {"users": {"file": "a"}, "items": [{"file": "a"}, {"file": "b"}]}


def test_a_merged_key_may_be_changed(path: Path) -> None:
    text = "one: &one {a: 1, b: 2}\ntwo: &two {<<: *one, a: 3}\nthree:\n  <<: [*two]\n  b: 4\n"
    path.write_text(text, encoding="utf-8")
    assert read_yaml(path) == {
        "one": {"a": 1, "b": 2},
        "two": {"a": 3, "b": 2},
        "three": {"a": 3, "b": 4},
    }
