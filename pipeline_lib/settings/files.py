"""Read the YAML files of settings by name, each merged into what it extends."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from pipeline_lib.settings.errors import SettingsError, unknown


def read_whole(
    folders: Sequence[Path], name: str, what: str, key: str
) -> tuple[dict[str, Any], str]:
    """Read `<name>.yaml`, merged into what it extends; return it and the names of its files.

    what: a dataset or a method. key: where it is named. Raises SettingsError as `read_named` does,
    and where files extend each other in a circle.
    """
    raw, source = read_named(folders, name, what, key)
    names = [name]
    while "extends" in raw:
        names.append(str(raw.pop("extends")))
        if names[-1] in names[:-1]:
            raise SettingsError(f"{source}: extends goes round in a circle: {' → '.join(names)}")
        base, _ = read_named(folders, names[-1], what, f"{source}: extends")
        raw = _merged(base, raw)
    extended = f" (extends {', '.join(names[1:])})" if names[1:] else ""
    return raw, source + extended


def read_named(
    folders: Sequence[Path], name: str, what: str, key: str
) -> tuple[dict[str, Any], str]:
    """Read `<name>.yaml` from the one of the folders that has it; return it and its path.

    Raises SettingsError where none has it, or several, or where it is no valid YAML.
    """
    where = key if ":" in key else f"run config: {key}"
    paths = [folder / f"{name}.yaml" for folder in folders]
    found = [path for path in paths if path.is_file()]
    if not found:
        known = [path.stem for folder in folders for path in folder.glob("*.yaml")]
        raise SettingsError(f"{where}: {unknown(name, what, known)}")
    if len(found) > 1:
        both = " and ".join(map(str, found))
        raise SettingsError(f"{where}: the {what} {name!r} is in {both}; rename one of them")
    return read_yaml(found[0]), str(found[0])


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file; raise SettingsError with its name, and the line that is wrong."""
    try:
        with path.open(encoding="utf-8") as file:
            raw = yaml.load(file, _Loader)  # noqa: S506 - it is a safe one
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(raw, dict):
        raise SettingsError(f"{path}: must hold `key: value` lines")
    return raw


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the base with changes; a mapping in both is merged.

    A mapping of another `kind` has other keys, so it replaces the base's.
    """
    merged = dict(base)
    for key, value in changes.items():
        old = base.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            alike = "kind" not in value or value["kind"] == old.get("kind")
            merged[key] = _merged(old, value) if alike else value
        else:
            merged[key] = value
    return merged


class _Loader(yaml.SafeLoader):
    """The safe loader, but a key that stands twice is an error, not silently the last one."""

    def compose_mapping_node(self, anchor: Any) -> Any:  # noqa: ANN401
        """Check the keys as they are written, before `<<` adds others."""
        node = super().compose_mapping_node(anchor)
        lines: dict[tuple[str, str], int] = {}
        for key, _ in node.value:
            name, line = (key.tag, str(key.value)), key.start_mark.line + 1
            if name in lines:
                raise SettingsError(
                    f"{self.name}: line {line}: the key {key.value!r} stands here again, first in "
                    f"line {lines[name]}; keep one of the two"
                )
            lines[name] = line
        return node
