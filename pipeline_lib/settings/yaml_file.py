"""Read a YAML file of `key: value` lines, in which no key stands twice."""

from pathlib import Path
from typing import Any

import yaml

from pipeline_lib.settings.errors import SettingsError


class _Loader(yaml.SafeLoader):
    """The safe loader; of a key that stands twice it would silently take the last."""

    def compose_mapping_node(self, anchor: Any) -> Any:  # noqa: ANN401
        """Compare the keys as they are written, before `<<` brings in others."""
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


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a file; raise SettingsError that names it, and the line where one is wrong."""
    try:
        with path.open(encoding="utf-8") as file:
            raw = yaml.load(file, _Loader)  # noqa: S506 - it is a safe one
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(raw, dict):
        raise SettingsError(f"{path}: must hold `key: value` lines")
    return raw
