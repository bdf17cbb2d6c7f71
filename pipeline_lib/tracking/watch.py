"""The files that MLflow mirrors, and which of them a store does not have yet."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from pydantic import BaseModel, ValidationError

from pipeline_lib.storage.tables import read_json
from pipeline_lib.tracking.secrets import without_secrets
from pipeline_lib.training.attempt import FOLDER, is_running

RESULTS = Path("results")
HOME = RESULTS / "mlflow"
STORE = HOME / "mlflow.db"  # where MLFLOW_TRACKING_URI names no other
LOCK = HOME / "sender.lock"  # held by the one process that sends
PLACES = ("*/*", "*/*/splits/*")  # of a dataset of a run, and of a further split of it
OF_TRAINING = ("weights.safetensors", "training.json", "history.parquet")
OF_EVALUATION = ("predictions.parquet", "users.parquet", "evaluation.json")


class Sent(BaseModel):
    """What a store has: by file, the state in which it was sent.

    refused: by attempt or model, why the store does not take all of it. unsettled: experiments
    whose superseded runs and parents were not looked at since.
    """

    files: dict[Path, str] = {}
    refused: dict[Path, str] = {}
    unsettled: set[str] = set()


@dataclass(frozen=True)
class Watched:
    """The file of an attempt, or a `model.json`, and its state.

    results: files with their states; the newest attempt of a trial has those of the trial.
    """

    path: Path
    state: str
    results: dict[Path, str]
    running: bool = False

    def unsent(self, sent: Sent) -> dict[Path, str]:
        """Return the files, with their states, that a store has not, or in another state."""
        states = {self.path: self.state} | self.results
        return {path: state for path, state in states.items() if sent.files.get(path) != state}


def watch() -> list[Watched]:
    """Return all attempts, the oldest first, and then the models to be registered."""
    found = (RESULTS.glob(f"{place}/methods/*/*/{FOLDER}/*.jsonl") for place in PLACES)
    paths = sorted(chain.from_iterable(found), key=lambda path: path.name)
    newest = {path.parent: path for path in paths}
    attempts = list[Watched]()
    for path in paths:
        with suppress(FileNotFoundError):  # its folder was deleted since
            attempts.append(_watch(path, newest=newest[path.parent] == path))
    models = (Watched(path, state, {}) for path, state in _states(RESULTS.glob("*/*/model.json")))
    return [*attempts, *models]


def store_uri() -> str:
    """Return the store's URI: MLFLOW_TRACKING_URI, or else a file of sqlite among the results."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{STORE.resolve()}"


def sent_path() -> Path:
    """Return the path of what the store has; a hash of the URI without user and password."""
    uri = without_secrets(os.environ.get("MLFLOW_TRACKING_URI") or STORE.name)
    return HOME / f"sent-{hashlib.sha256(uri.encode()).hexdigest()[:8]}.json"


def read_sent() -> Sent:
    """Read what the store has; nothing where that is not known: all is sent again."""
    try:
        return read_json(sent_path(), Sent)
    except (FileNotFoundError, ValidationError):
        return Sent()


def is_done(sent: Sent) -> bool:
    """Return whether a store has all, and no attempt is running."""
    return not sent.unsettled and not any(own.running or own.unsent(sent) for own in watch())


def count_unsent() -> int:
    """Return how many attempts and models the store does not have in full."""
    sent = read_sent()
    return sum(bool(watched.unsent(sent)) for watched in watch()) or len(sent.unsettled)


def _watch(path: Path, *, newest: bool) -> Watched:
    running = is_running(path)  # first: a job writes until it no longer runs
    state = f"{path.stat().st_size} {'running' if running else 'ended'}"
    return Watched(path, state, dict(_results(path.parents[1])) if newest else {}, running)


def _results(trial: Path) -> Iterator[tuple[Path, str]]:
    """Yield a finished training's files, and those made from them: they are not older."""
    own = dict(_states(trial / name for name in OF_TRAINING))
    made = own.get(trial / "training.json")
    if made is not None:
        yield from own.items()
        plot = f"figures/trials/{trial.parent.name}-{trial.name.removeprefix('seed-')}.png"
        later = [*(trial / name for name in OF_EVALUATION), trial.parents[2] / plot]
        yield from ((path, state) for path, state in _states(later) if int(state) >= int(made))


def _states(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        with suppress(FileNotFoundError):
            yield path, str(path.stat().st_mtime_ns)
