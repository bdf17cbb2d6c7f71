"""Journals: what jobs have to tell MLflow, line by line in files of an outbox.

A job holds a lock on its journal, so that whoever reads it knows when the job is gone.
"""

import fcntl
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Annotated, Literal, Self

from pydantic import BaseModel, Field

OUTBOX = Path("results/mlflow/outbox")
STORE = "mlflow.db"  # beside the outbox, where no other store is named
SUFFIX = ".jsonl"
LONGEST = 500  # of an error's text, in characters


class Run(BaseModel):
    """A run to be found or made in MLflow. started: milliseconds since 1970.

    key: names it once and for all. generation: names all runs that differ by nothing but the
    seed; they share a parent.
    """

    kind: Literal["run"] = "run"
    key: str
    generation: str
    experiment: str
    method: str
    seed: int
    started: int
    tags: dict[str, str]
    params: dict[str, str]
    dataset: str
    split: str


class Metrics(BaseModel):
    """Numbers of one step. time: milliseconds since 1970."""

    kind: Literal["metrics"] = "metrics"
    time: int
    step: int
    values: dict[str, float]


class Tags(BaseModel):
    """What to find the run by."""

    kind: Literal["tags"] = "tags"
    tags: dict[str, str]


class Artifact(BaseModel):
    """A file or folder to be copied. folder: where to among the run's artifacts."""

    kind: Literal["artifact"] = "artifact"
    path: Path
    folder: str | None


class Model(BaseModel):
    """A folder to be registered as the next version of a model, unless its digest is there."""

    kind: Literal["model"] = "model"
    path: Path
    name: str
    digest: str


class End(BaseModel):
    """The run's end. time: milliseconds since 1970."""

    kind: Literal["end"] = "end"
    status: Literal["FINISHED", "FAILED"]
    time: int


Event = Run | Metrics | Tags | Artifact | Model | End


class Line(BaseModel):
    """One line of a journal."""

    event: Annotated[Event, Field(discriminator="kind")]


def now() -> int:
    """Tell the time, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Journal:
    """A job's journal; the first line is its run.

    When it cannot be written, as on a full disk, that is logged once, and the job goes on.
    """

    def __init__(self, run: Run, logger: logging.Logger) -> None:
        self.run = run
        self.logger = logger
        self.file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Open the journal."""
        try:
            self.file = _create()
        except OSError as error:
            self._give_up(error)
        self.write(self.run)
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Close the journal; an exception ends the run as failed."""
        if error is not None:
            text = f"{type(error).__name__}: {error}"[:LONGEST]
            self.write(Tags(tags={"error": text}), End(status="FAILED", time=now()))
        if self.file is not None:
            self.file.close()

    def write(self, *events: Event) -> None:
        """Append events."""
        if self.file is None:
            return
        lines = "".join(f"{Line(event=event).model_dump_json()}\n" for event in events)
        try:
            self.file.write(lines)
            self.file.flush()
        except OSError as error:
            self._give_up(error)

    def metrics(self, values: Mapping[str, float], step: int) -> None:
        """Append numbers of one step."""
        self.write(Metrics(time=now(), step=step, values=dict(values)))

    def artifacts(self, paths: Sequence[Path], folder: str | None = None) -> None:
        """Append files."""
        self.write(*(Artifact(path=path.resolve(), folder=folder) for path in paths))

    def finish(self, time: int | None = None) -> None:
        """End the run as finished, now or at a time, in milliseconds since 1970."""
        self.write(End(status="FINISHED", time=time or now()))

    def _give_up(self, error: OSError) -> None:
        self.file = None
        self.logger.warning("MLflow will not hear of this job: %s cannot be written", error)


def _create() -> IO[str]:
    """Open a journal that nobody sees before it is locked."""
    OUTBOX.mkdir(parents=True, exist_ok=True)
    path = OUTBOX / f"{time.time_ns()}-{uuid.uuid4().hex[:8]}{SUFFIX}"
    hidden = path.with_suffix(".new")
    file = hidden.open("x", encoding="utf-8")
    with suppress(OSError):  # without locks nobody learns of this job's sudden death
        fcntl.flock(file, fcntl.LOCK_EX)
    hidden.rename(path)
    return file
