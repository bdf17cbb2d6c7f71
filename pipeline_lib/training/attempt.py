"""The live history of an attempt at a training: its start, its epochs and its end, line by line.

A job holds a lock on the file, so that a reader knows whether the job still runs. The file is no
output of a rule: snakemake leaves it alone when the job fails, and the next attempt has its own.
"""

import fcntl
import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline_lib.training.record import EpochRecord, TrainingJob

FOLDER = "attempts"  # in the trial's folder
LONGEST = 500  # of an error's text, in characters


class AttemptError(Exception):
    """The file of an attempt is damaged."""


class Start(BaseModel):
    """The first line: what is trained, and on which split."""

    job: TrainingJob
    split_sha256: str


class EpochLine(BaseModel):
    """A line for each epoch: its figures by name. time: milliseconds since 1970."""

    model_config = ConfigDict(ser_json_inf_nan="constants")

    epoch: int
    time: int
    figures: dict[str, float]


class End(BaseModel):
    """The last line. end: milliseconds since 1970. error: None where training has finished."""

    end: int
    error: str | None


@dataclass(frozen=True)
class Attempt:
    """What the file of an attempt holds so far."""

    start: Start
    epochs: list[EpochLine]
    end: End | None


def read_attempt(path: Path) -> Attempt:
    """Read the whole lines of an attempt's file; raise AttemptError where one is damaged."""
    content = path.read_bytes()
    first, *others = content[: content.rfind(b"\n") + 1].splitlines() or [b""]
    try:
        start = Start.model_validate_json(first)
        ended = bool(others) and others[-1].startswith(b'{"end"')
        end = End.model_validate_json(others.pop()) if ended else None
        epochs = [EpochLine.model_validate_json(line) for line in others]
    except ValidationError as error:
        raise AttemptError(f"{path} is damaged: {error}") from error
    return Attempt(start, epochs, end)


def is_running(path: Path) -> bool:
    """Return whether a job holds the lock on its attempt's file; True where there are no locks."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # as others that look may do as well
        except OSError:
            return True
    return False


class AttemptFile:
    """The file that a job writes while it trains.

    Where it cannot be written, as on a full disk, that is logged once, and the job goes on; while
    it does, it holds the lock.
    """

    def __init__(self, trial: Path, start: Start, log: logging.Logger) -> None:
        self.path = trial / FOLDER / f"{start.job.started:%Y%m%dT%H%M%S%f}.jsonl"
        self.start = start
        self.log = log
        self.file: IO[str] | None = None
        self.complete = True

    def __enter__(self) -> Self:
        """Create the file, which nobody sees before it is locked and has its first line."""
        hidden = self.path.with_suffix(".new")
        try:
            hidden.parent.mkdir(parents=True, exist_ok=True)
            self.file = hidden.open("x", encoding="utf-8")
            with suppress(OSError):  # without locks nobody learns of this job's sudden death
                fcntl.flock(self.file, fcntl.LOCK_EX)
            print(self.start.model_dump_json(), file=self.file, flush=True)
            hidden.rename(self.path)
        except OSError as error:
            self._give_up(error)
            with suppress(OSError):
                hidden.unlink(missing_ok=True)
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Write the last line, with the error if there is one, and close the file."""
        text = None if error is None else f"{type(error).__name__}: {error}"[:LONGEST]
        self._write(End(end=now(), error=text))
        if self.file is not None:
            with suppress(OSError):  # that has been logged
                self.file.close()

    def add(self, epoch: EpochRecord) -> None:
        """Append an epoch."""
        self._write(EpochLine(epoch=epoch.epoch, time=now(), figures=epoch.metrics()))

    def _write(self, line: BaseModel) -> None:
        if self.file is not None and self.complete:
            try:
                print(line.model_dump_json(), file=self.file, flush=True)
            except OSError as error:
                self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.complete = False
        self.log.warning("MLflow gets no more of this training: writing %s: %s", self.path, error)


def now() -> int:
    """Return the time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
