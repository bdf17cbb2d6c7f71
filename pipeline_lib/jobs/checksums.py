"""Checksums of raw files, by which a job knows that one was replaced, even by an older one."""

import hashlib
import json
import time
from pathlib import Path

from pipeline_lib.storage.tables import write_text

SETTLED = 2_000_000_000  # nanoseconds; a later change may leave a file's times as they are


class Checksums:
    """Checksums of files, remembered in a file of their own.

    A file is read again if its size, its times or its inode are not those of when it was read.
    """

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._known = _read(memory)

    def of(self, path: Path) -> str:
        """Return 16 hexadecimal digits of a file's BLAKE2b, or of those of a folder's files."""
        if path.is_dir():
            files = sorted(own for own in path.rglob("*") if own.is_file())
            own = "".join(f"{file.relative_to(path)} {self.of(file)}\n" for file in files)
            return hashlib.blake2b(own.encode(), digest_size=8).hexdigest()
        stat = path.stat()
        name = str(path.absolute())
        state = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
        if self._known.get(name, [])[:-1] == state:
            return str(self._known[name][-1])
        with path.open("rb") as file:
            found = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()
        if time.time_ns() - stat.st_ctime_ns > SETTLED:
            self._remember(name, [*state, found])
        return found

    def _remember(self, name: str, entry: list[int | str]) -> None:
        self._known = {**_read(self._memory), name: entry}
        write_text(json.dumps(self._known), self._memory)


def _read(memory: Path) -> dict[str, list[int | str]]:
    """Read what is remembered; nothing of a missing or damaged file."""
    try:
        known = json.loads(memory.read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
