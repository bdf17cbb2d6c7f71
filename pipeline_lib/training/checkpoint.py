"""The checkpoint of a training: its state after the last epoch, until its results are saved."""

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from pipeline_lib.methods.base import Method
from pipeline_lib.storage.tensors import write_tensors
from pipeline_lib.training.adamw import AdamW
from pipeline_lib.training.record import EpochRecord

NAME = ".checkpoint.safetensors"
METHOD, BEST, OPTIMISER = "method/", "best/", "optimiser/"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """The epochs that a training has finished, and the weights of the best of them."""

    history: list[EpochRecord]
    best: dict[str, Tensor]


class Checkpoint:
    """The file from which a training is resumed.

    what: a text of all that the training's bytes depend on; a file of another text is not used.
    """

    def __init__(self, folder: Path, what: str) -> None:
        self.path = folder / NAME
        self.what = hashlib.sha256(what.encode()).hexdigest()

    def save(self, progress: Progress, method: Method, optimiser: AdamW) -> None:
        """Write the state of a training; log an error, such as a full disk, and go on."""
        tensors = _named(METHOD, method.state_dict()) | _named(BEST, progress.best)
        tensors |= _named(OPTIMISER, optimiser.state())
        history = json.dumps([asdict(epoch) for epoch in progress.history])
        try:
            write_tensors(tensors, self.path, {"what": self.what, "history": history})
        except OSError as error:
            log.warning("no checkpoint after this epoch: %s", error)

    def load(self, method: Method, optimiser: AdamW) -> Progress | None:
        """Restore a method and its optimiser; return None without a usable file."""
        found = self._read()
        if found is None:
            return None
        history, tensors = found
        device = next(method.parameters()).device
        own = {name: tensor.to(device) for name, tensor in tensors.items()}
        method.load_state_dict(_under(METHOD, own))
        optimiser.load(_under(OPTIMISER, own))
        log.info("training resumes after epoch %d, from %s", history[-1].epoch, self.path)
        return Progress(history, _under(BEST, own))

    def load_best(self, method: Method) -> list[EpochRecord]:
        """Load the weights of the best epoch so far into a method; return the epochs so far.

        Without a usable file the method stays as it is, and there are none.
        """
        history, tensors = self._read() or ([], {})
        if history:
            method.load_state_dict(_under(BEST, tensors))
        return history

    def remove(self) -> None:
        """Delete the file, once the training's results are saved."""
        self.path.unlink(missing_ok=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock on the trial's folder; wait while another process trains the same.

        Such a process may have outlived the snakemake that started it.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            _lock(folder, self.path.parent)
            yield
        finally:
            os.close(folder)

    def _read(self) -> tuple[list[EpochRecord], dict[str, Tensor]] | None:
        if not self.path.is_file():
            return None
        try:
            with safe_open(self.path, framework="pt") as file:
                written: Mapping[str, str] = file.metadata() or {}
                if written.get("what") != self.what:
                    log.info("%s is of other settings, code or data; starting anew", self.path)
                    return None
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except SafetensorError as error:
            log.warning("%s is damaged (%s); starting anew", self.path, error)
            return None
        return [EpochRecord(**epoch) for epoch in json.loads(written["history"])], tensors


def _lock(folder: int, path: Path) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.warning("another process trains %s; waiting for it to end", path)
        fcntl.flock(folder, fcntl.LOCK_EX)
    except OSError as error:  # some network file systems have no locks
        log.info("%s cannot be locked (%s)", path, error)


def _named(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
