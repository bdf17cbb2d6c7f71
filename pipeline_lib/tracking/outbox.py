"""Read journals, and remember how far each was sent."""

import fcntl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from pipeline_lib.storage.tables import read_json, write_json, write_text
from pipeline_lib.tracking.journal import SUFFIX, End, Event, Line, Run, Tags, now

UNSETTLED = "unsettled"
KILLED = "the job was killed, or its machine was lost"


class Progress(BaseModel):
    """How many bytes of a journal a store has."""

    store: str
    sent: int


@dataclass(frozen=True)
class Unsent:
    """A journal's run, the events that are not sent, and where they end, in bytes.

    ended: nothing will follow.
    """

    path: Path
    run: Run
    events: Sequence[Event]
    end: int
    ended: bool


class JournalError(Exception):
    """A journal is damaged."""


def journals(outbox: Path) -> list[Path]:
    """List the journals, the oldest first."""
    return sorted(outbox.glob(f"*{SUFFIX}"))


def read_unsent(path: Path, store: str) -> Unsent:
    """Read what a store does not have; a job that went without a word has failed.

    Raises JournalError when a line is no event.
    """
    gone = _is_writer_gone(path)  # first: it may write on until it is
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    try:
        events = [Line.model_validate_json(line).event for line in whole.splitlines()]
    except ValidationError as error:
        raise JournalError(f"{path} is damaged: {error}") from error
    if not events or not isinstance(run := events[0], Run):
        raise JournalError(f"{path} does not begin with a run")
    sent = whole[: _sent(path, store)].count(b"\n")
    left = events[max(sent, 1) :]
    if gone and not any(isinstance(event, End) for event in events):
        left += [Tags(tags={"error": KILLED}), End(status="FAILED", time=now())]
    return Unsent(path, run, left, len(whole), gone)


def mark_sent(unsent: Unsent, store: str) -> None:
    """Remember what was sent; a journal that was sent to its end is deleted."""
    if unsent.ended:
        unsent.path.unlink()
        _progress(unsent.path).unlink(missing_ok=True)
    else:
        write_json(Progress(store=store, sent=unsent.end), _progress(unsent.path))


def set_aside(path: Path, reason: str) -> None:
    """Move a journal that no store will ever take to `refused/`, with the reason."""
    folder = path.parent.parent / "refused"
    folder.mkdir(exist_ok=True)
    (folder / f"{path.stem}.txt").write_text(f"{reason}\n", encoding="utf-8")
    path.rename(folder / path.name)
    _progress(path).unlink(missing_ok=True)


def unsettled(outbox: Path) -> set[str]:
    """Name the experiments that got runs since they were settled, by this process or another."""
    path = outbox / UNSETTLED
    return {*path.read_text(encoding="utf-8").splitlines()} if path.is_file() else set()


def mark_unsettled(outbox: Path, experiment: str) -> None:
    """Remember that an experiment is to be settled."""
    known = unsettled(outbox)
    if experiment not in known:
        write_text("\n".join(sorted({*known, experiment})), outbox / UNSETTLED)


def mark_settled(outbox: Path) -> None:
    """Remember that all experiments are settled."""
    (outbox / UNSETTLED).unlink(missing_ok=True)


def _progress(path: Path) -> Path:
    return path.with_suffix(".sent")


def _sent(path: Path, store: str) -> int:
    if not _progress(path).is_file():
        return 0
    progress = read_json(_progress(path), Progress)
    return progress.sent if progress.store == store else 0


def _is_writer_gone(path: Path) -> bool:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
