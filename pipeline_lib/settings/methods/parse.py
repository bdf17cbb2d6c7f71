"""From raw values to the settings of their kind of method."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from pipeline_lib.settings.errors import SettingsError, unknown, validate
from pipeline_lib.settings.methods.base import MethodSettings

SHARED = {"__init__", "base", "parse"}


def known_kinds() -> list[str]:
    """List the kinds: each has a module of settings here and one in `pipeline_lib.methods`."""
    modules = {path.stem for path in Path(__file__).parent.glob("*.py")}
    return sorted(module.replace("_", "-") for module in modules - SHARED)


def kind_modules(kind: str) -> list[str]:
    """Name a kind's modules: `two-bias` has `…settings.methods.two_bias`, `…methods.two_bias`."""
    module = kind.replace("-", "_")
    return [f"pipeline_lib.settings.methods.{module}", f"pipeline_lib.methods.{module}"]


def settings_class(kind: str) -> type[MethodSettings]:
    """Find the settings class of a kind."""
    found: type[MethodSettings] = import_module(kind_modules(kind)[0]).Settings
    return found


def parse_method(raw: Mapping[str, Any], source: str = "method") -> MethodSettings:
    """Check a method's settings; raise SettingsError naming `source` and the key."""
    kind = str(raw.get("kind"))
    if kind not in known_kinds():
        raise SettingsError(f"{source}: kind: {unknown(kind, 'kind', known_kinds())}")
    return validate(settings_class(kind), raw, source)
