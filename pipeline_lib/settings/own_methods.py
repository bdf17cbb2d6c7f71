"""Methods of one's own: modules in a folder that a run's settings or the environment name.

Their code runs because the user names the folder, and for no other reason: no file of results and
no served model leads to it.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

from pipeline_lib.settings.errors import SettingsError

PACKAGE = "own_methods"  # its modules are those of the folder
VARIABLE = "PIPELINE_METHOD_DIR"


def use_methods(folder: Path) -> None:
    """Let this process, and those it starts, find methods in a folder."""
    os.environ[VARIABLE] = str(folder.resolve())


def method_folder() -> Path | None:
    """Return the folder of own methods, if one is named."""
    folder = os.environ.get(VARIABLE)
    return Path(folder) if folder else None


def import_modules(folder: Path) -> list[ModuleType]:
    """Import the folder's modules; raise SettingsError for one that cannot be, and no folder."""
    if not folder.is_dir():
        raise SettingsError(f"{VARIABLE}: {folder} is no folder; correct it")
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]
    package = sys.modules[PACKAGE] = ModuleType(PACKAGE)
    package.__path__ = [str(folder)]
    return [_import(path) for path in sorted(folder.glob("[!_]*.py"))]


def _import(path: Path) -> ModuleType:
    try:
        return import_module(f"{PACKAGE}.{path.stem}")
    except Exception as error:
        raise SettingsError(
            f"{path}: cannot be imported: {type(error).__name__}: {error}"
        ) from error
