"""One workflow at a time in a run's folder."""

from pathlib import Path

from filelock import FileLock, Timeout


class RunHeldError(Exception):
    """Another process works in a run's folder."""


def hold(folder: Path) -> FileLock:
    """Return the lock of a run's folder, held until this process ends or is killed.

    Nothing has to be removed after a crash: the system frees the lock of a process that is gone.
    Raises RunHeldError where another process holds it.
    """
    lock = FileLock(folder / ".lock")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise RunHeldError(
            f"Another snakemake works in {folder}; wait until it ends. If none does, as after a "
            f"crash on a file system without locks, remove {lock.lock_file}."
        ) from None
    return lock
