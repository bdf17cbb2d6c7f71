"""Update an MLflow store to what the files of the results say."""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import ValidationError

from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.serving.best import MODEL, BestTrial
from pipeline_lib.storage.tables import read_json, write_json, write_text
from pipeline_lib.tracking.describe import describe_evaluation
from pipeline_lib.tracking.families import RunState
from pipeline_lib.tracking.secrets import mask
from pipeline_lib.tracking.store import DeletedError, RefusedError, Store, refusals
from pipeline_lib.tracking.watch import HOME, Watched, read_sent, sent_path, store_uri, watch
from pipeline_lib.training.attempt import FOLDER, Attempt, AttemptError, read_attempt
from pipeline_lib.training.record import TrainingRecord

KILLED = "the job was killed, or its machine was lost"

log = logging.getLogger("tracking")


class Updater:
    """Sends what is new in the results to the store; one process at a time may do so.

    sent, refused: attempts and models so far. waiting: why some cannot be sent yet.
    """

    def __init__(self) -> None:
        self.known = read_sent()
        self.epochs: dict[Path, int] = {}  # sent by this process; those of others are sent again
        self.store = Store(store_uri(), HOME / "artifacts", _workspace())
        self.sent = self.refused = 0
        self.waiting: set[str] = set()

    def update(self) -> None:
        """Send what is new; raise what the store raises when it does not answer.

        What no store will ever take is logged, and not tried again until its file changes. What
        belongs to a deleted experiment waits, and no other waits for it.
        """
        before = self.known.model_dump_json()
        try:
            for watched in watch():
                if new := watched.unsent(self.known):
                    self._send(watched, new)
            for experiment in sorted(self.known.unsettled):
                with self._unless_deleted():
                    self.store.settle(experiment)
                    self.known.unsettled.remove(experiment)
        finally:
            if self.known.model_dump_json() != before:
                write_json(self.known, sent_path())

    def _send(self, watched: Watched, new: dict[Path, str]) -> None:
        # A file that is gone is made anew; the next update sends what is there then.
        with self._unless_deleted(), suppress(FileNotFoundError):
            self.known.refused.pop(watched.path, None)
            try:
                with refusals():
                    send = self._send_model if watched.path.name == MODEL else self._send_attempt
                    send(watched, new)
            except (RefusedError, AttemptError, ValidationError) as error:
                self.refused += 1
                self.known.refused[watched.path] = mask(str(error))
                log.warning("MLflow does not take all of %s: %s", watched.path, error)
            self.sent += 1
            self.known.files |= new

    @contextmanager
    def _unless_deleted(self) -> Iterator[None]:
        """Go on where an experiment is deleted; log once that its runs wait."""
        try:
            yield
        except DeletedError as error:
            if str(error) not in self.waiting:
                log.warning("%s", error)
            self.waiting.add(str(error))

    def _send_attempt(self, watched: Watched, new: dict[Path, str]) -> None:
        path, attempt = watched.path, read_attempt(watched.path)
        if path not in self.known.files or not watched.running:
            self.known.unsettled.add(attempt.start.job.experiment)
        run = self.store.find_or_make(attempt.start, path.parents[1])
        if path in new:
            self.store.send_epochs(run, attempt.epochs[self.epochs.get(path, 0) :])
            self.epochs[path] = len(attempt.epochs)
        self.store.apply(_state(attempt, watched), run)
        for file in new.keys() - {path}:
            self.store.send_file(run, file)

    def _send_model(self, watched: Watched, _: object) -> None:
        """Register the model with the run of the attempt that it was made from."""
        path = watched.path
        best = read_json(path, BestTrial)
        trial = path.parent / f"methods/{best.chosen.method}/seed-{best.chosen.seed}"
        attempts = (trial / FOLDER).glob("*.jsonl")
        before = [own for own in attempts if own.stat().st_mtime_ns <= int(watched.state)]
        if before:
            start = read_attempt(max(before)).start
            name = start.job.experiment.replace("/", "-")
            run = self.store.find_or_make(start, trial)
            self.store.register(run, path.with_suffix(""), name, best.digest)


def _state(attempt: Attempt, watched: Watched) -> RunState:
    trial, tags = watched.path.parents[1], dict[str, str]()
    metrics = dict[str, float]()
    if (made := trial / "training.json") in watched.results:
        training = read_json(made, TrainingRecord)
        tags["device"] = training.device
        metrics |= training.metrics()
    if (path := trial / "evaluation.json") in watched.results:
        of_test, about = describe_evaluation(read_json(path, Evaluation))
        metrics |= of_test
        tags |= about
    if attempt.end is None and watched.running:
        return RunState(tags, "RUNNING", metrics)
    if attempt.end is None and made in watched.results:  # the disk was full meanwhile
        return RunState(tags, "FINISHED", metrics, int(watched.results[made]) // 1_000_000)
    if attempt.end is None:
        killed = watched.path.stat().st_mtime_ns // 1_000_000
        return RunState(tags | {"error": KILLED}, "FAILED", metrics, killed)
    if attempt.end.error is not None:
        return RunState(tags | {"error": attempt.end.error}, "FAILED", metrics, attempt.end.end)
    return RunState(tags, "FINISHED", metrics, attempt.end.end)


def _workspace() -> str:
    """Return the name that this folder's runs have, once and for all."""
    path = HOME / "workspace"
    if not path.is_file():
        write_text(uuid.uuid4().hex, path)
    return path.read_text(encoding="utf-8")
