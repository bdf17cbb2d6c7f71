"""Unpack files from a zip archive that nobody vouches for."""

import shutil
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from lzma import LZMAError
from pathlib import Path, PureWindowsPath
from stat import S_ISLNK
from zipfile import BadZipFile, ZipFile, ZipInfo

from pipeline_lib.data.errors import REMEDY, FetchError
from pipeline_lib.storage import atomic_path

MAX_RATIO = 100  # unpacked bytes for each byte of the archive
# What zipfile raises on damaged, encrypted or unsupported content, and the disk on refusal.
UNPACK_FAILURES = (BadZipFile, EOFError, LZMAError, OSError, RuntimeError, ValueError, zlib.error)


def unpack(archive: Path, members: Mapping[str, Path]) -> None:
    """Unpack the files of the given base names, in whatever folder they lie, to their targets.

    Raises FetchError when the archive is damaged, has a member that leads out of its folder or
    that is a link, would take too much room, or does not hold each file once; no target is then
    written.
    """
    try:
        with ZipFile(archive) as zipped:
            infos = zipped.infolist()
            _refuse_unsafe(infos, MAX_RATIO * archive.stat().st_size)
            _unpack(zipped, {target: _find(infos, name) for name, target in members.items()})
    except UNPACK_FAILURES as error:
        raise FetchError(f"{archive} could not be unpacked: {error}. Instead, {REMEDY}") from error


def _refuse_unsafe(infos: list[ZipInfo], limit: int) -> None:
    for info in infos:
        name = info.orig_filename
        path = PureWindowsPath(name)
        climbs = path.anchor or ".." in path.parts or "\\" in name or "\0" in name
        if climbs or S_ISLNK(info.external_attr >> 16):
            raise BadZipFile(f"member {name!r} could lead outside its folder")
    # zipfile never yields more of a member than its stated size.
    if sum(info.file_size for info in infos) > limit:
        raise BadZipFile(f"its files would take more than {limit} bytes")


def _find(infos: list[ZipInfo], name: str) -> ZipInfo:
    found = [info for info in infos if info.filename.split("/")[-1] == name]
    if len(found) != 1:
        raise BadZipFile(f"it holds {len(found)} files named {name!r}, not one")
    return found[0]


def _unpack(zipped: ZipFile, wanted: Mapping[Path, ZipInfo]) -> None:
    """Unpack all or nothing: no file takes its name before every one is whole."""
    with ExitStack() as unfinished:
        for target, info in wanted.items():
            part = unfinished.enter_context(atomic_path(target))
            with zipped.open(info) as source, part.open("wb") as file:
                shutil.copyfileobj(source, file)
