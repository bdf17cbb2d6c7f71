"""A trained method in a folder, with all that serving needs and a manifest of its files."""

import hashlib
import shutil
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline_lib.settings.columns import Column, Target
from pipeline_lib.settings.features import SomeFeature, raw_columns
from pipeline_lib.storage.tables import read_json, write_json
from pipeline_lib.training.record import TrainingRecord

M = TypeVar("M", bound=BaseModel)
MANIFEST = "manifest.json"
PROFILE, RECORD = "profile.json", "training.json"
COPIED = {
    "weights": "weights.safetensors",
    "catalogue": "items.safetensors",
    "vocabulary": "vocabulary.json",
    "names": "items.parquet",
    "record": RECORD,
}


class BundleError(Exception):
    """A file of a bundle is not what was written."""


class ItemNames(BaseModel):
    """How a raw file's names of items are read. blank: texts that stand for none."""

    column: Column
    blank: tuple[str, ...]


class Profile(BaseModel):
    """How a user's raw profile is read, and names of items.

    blank: texts that stand for an unknown value. items: of interactions and of the first file of
    items. target: how ratings are rescaled.
    """

    features: dict[str, SomeFeature]
    blank: tuple[str, ...]
    items: tuple[ItemNames, ...]
    target: Target

    @property
    def columns(self) -> list[str]:
        """Return the raw columns that are read."""
        read = (raw_columns(name, feature) for name, feature in self.features.items())
        return list(dict.fromkeys(chain.from_iterable(read)))


class FileEntry(BaseModel):
    """A file's size and hash."""

    bytes: int
    sha256: str


class Manifest(BaseModel):
    """All files of a bundle but this one."""

    files: dict[str, FileEntry]


def write_bundle(files: Mapping[str, Path], log_settings: Mapping[str, Any], folder: Path) -> str:
    """Copy a trained method into a folder; return the digest of its manifest.

    files: `weights`, `catalogue`, `vocabulary`, `names`, `record`. log_settings: those of the
    dataset (see `pipeline_lib.settings.dataset.LogSettings`). Raises BundleError where the training
    was stopped.
    """
    if stopped := read_json(files["record"], TrainingRecord).stopped:
        raise BundleError(f"{files['record']}: stopped in {stopped}; no model is made of it")
    folder.mkdir(parents=True)
    for role, name in COPIED.items():
        shutil.copyfile(files[role], folder / name)
    users, features = log_settings["users"], log_settings["user_features"]
    tables = (log_settings["interactions"], *log_settings["items"][:1])
    items = [{"column": table["item"], "blank": table["blank"]} for table in tables]
    target = log_settings["interactions"]["target"]
    profile = Profile.model_validate(
        {
            "features": features,
            "blank": users[0]["blank"] if users else [],
            "items": items,
            "target": target,
        }
    )
    write_json(profile, folder / PROFILE)
    entries = {path.name: _entry(path) for path in sorted(folder.iterdir())}
    write_json(Manifest(files=entries), folder / MANIFEST)
    return digest(folder)


def digest(folder: Path) -> str:
    """Return the sha256 of a bundle's manifest."""
    return _entry(folder / MANIFEST).sha256


def check_bundle(folder: Path) -> tuple[Profile, TrainingRecord]:
    """Check every file against the manifest; read how profiles are read and what was trained.

    Raises BundleError when a file is missing, changed, cut off or one too many.
    """
    manifest = _read(folder / MANIFEST, Manifest)
    wanted = {*COPIED.values(), PROFILE}
    if manifest.files.keys() != wanted:
        raise _refused(folder / MANIFEST, f"lists {sorted(manifest.files)}, not {sorted(wanted)}")
    if extra := {path.name for path in folder.iterdir()} - wanted - {MANIFEST}:
        raise _refused(folder / sorted(extra)[0], "does not belong there")
    for name, entry in manifest.files.items():
        if not (path := folder / name).is_file():
            raise _refused(path, "is missing")
        if (found := _entry(path)) != entry:
            change = f"{found.bytes} bytes with sha256 {found.sha256[:12]}"
            raise _refused(path, f"has {change}, not {entry.bytes} with {entry.sha256[:12]}")
    return _read(folder / PROFILE, Profile), _read(folder / RECORD, TrainingRecord)


def _entry(path: Path) -> FileEntry:
    content = path.read_bytes()
    return FileEntry(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def _read(path: Path, model: type[M]) -> M:
    try:
        return read_json(path, model)
    except (OSError, ValidationError) as error:
        raise _refused(path, f"cannot be read ({error})") from error


def _refused(path: Path, what: str) -> BundleError:
    return BundleError(f"{path} {what}: the model is refused; get it again, or make it anew")
