"""Bring a published archive: download it, recognise it, unpack it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from pipeline_lib.data.download import download
from pipeline_lib.data.errors import REMEDY, FetchError
from pipeline_lib.data.unpack import unpack
from pipeline_lib.settings.dataset import Archive


def fetch(archive: Archive, members: Mapping[str, Path], target: Path) -> None:
    """Download the archive to `target`, unless it is there whole, and unpack files from it.

    members: the base name of each wanted file, and where it goes. Raises FetchError when the
    archive cannot be had, is not the published one or cannot be unpacked safely; no member is
    then written.
    """
    if not (target.exists() and _identity(target) == (archive.bytes, archive.sha256)):
        target.unlink(missing_ok=True)
        download(archive.url, archive.bytes, target)
        _verify(archive, target)
    unpack(target, members)


def _verify(archive: Archive, target: Path) -> None:
    size, sha256 = _identity(target)
    if (size, sha256) != (archive.bytes, archive.sha256):
        target.unlink()
        raise FetchError(
            f"{target} was not the archive published at {archive.url}, and was removed: "
            f"expected {archive.bytes} bytes with sha256 {archive.sha256}, "
            f"read {size} bytes with sha256 {sha256}. Run again to download it afresh, or {REMEDY}"
        )


def _identity(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()
