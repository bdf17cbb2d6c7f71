"""One training job in one process: from input files to a trained method and its record."""

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

from pipeline_lib.data.encode.vocabulary import Vocabulary
from pipeline_lib.devices.choose import make_repeatable
from pipeline_lib.devices.hardware import hardware_name, peak_bytes
from pipeline_lib.devices.team import ALONE, Team
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.methods.base import Method, build_method, make_problem
from pipeline_lib.methods.predict import validate
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.schemas.split import TRAIN_USERS, VALIDATION_USERS
from pipeline_lib.settings.methods.base import LearnerSettings, MethodSettings, parse_method
from pipeline_lib.storage.tables import read_json, read_table
from pipeline_lib.training.checkpoint import Checkpoint
from pipeline_lib.training.epoch_metrics import measured_peak
from pipeline_lib.training.fit import Folds, fit
from pipeline_lib.training.record import EpochRecord, TrainingJob, TrainingRecord, best_epoch
from pipeline_lib.training.step import TooLargeError, TrainingError

# Fields of a job that the weights do not depend on.
IRRELEVANT = {"experiment", "started", "environment"}


@dataclass(frozen=True)
class Trained:
    """A trained method, its epochs and its record; the checkpoint is kept until they are saved."""

    method: Method
    history: list[EpochRecord]
    record: TrainingRecord
    checkpoint: Checkpoint


class TrainingStoppedError(Exception):
    """Losses or gradients stopped being sound numbers, as they would again with the same seed.

    trained: up to the epoch before, with the weights of the best epoch, or else the first ones.
    """

    def __init__(self, message: str, trained: Trained) -> None:
        super().__init__(message)
        self.trained = trained


@dataclass(frozen=True)
class Training:
    """A job and its input files, its method, settings, data and device, and its checkpoint."""

    job: TrainingJob
    files: Mapping[str, Path]
    method: Method
    settings: MethodSettings
    folds: Folds
    device: torch.device
    checkpoint: Checkpoint

    def fit(self, on_epoch: Callable[[EpochRecord], None], team: Team = ALONE) -> list[EpochRecord]:
        """Train, from the checkpoint on if there is one; raise as `fit` does."""
        return fit(
            self.method, self.settings, self.folds, self.job.seed, on_epoch, self.checkpoint, team
        )

    def end(
        self,
        history: list[EpochRecord],
        validation_loss: float | None,
        seconds: float,
        stopped: str | None = None,
    ) -> Trained:
        """Return what was trained with its record."""
        method, device = self.method, self.device
        record = TrainingRecord(
            **self.job.model_dump(exclude={"device"}),
            device=device.type,
            split_sha256=read_json(self.files["split"], SplitSummary).sha256,
            parameters=sum(p.numel() for p in method.parameters()),
            best_epoch=best_epoch(history).epoch if history else None,
            validation_loss=validation_loss,
            seconds=seconds,
            hardware=hardware_name(device),
            peak_bytes=measured_peak(history) if history else peak_bytes(device),
            stopped=stopped,
        )
        return Trained(method, history, record, self.checkpoint)

    def stop(self, error: TrainingError, history: list[EpochRecord]) -> TrainingStoppedError:
        """Return the error that names users as the file `train_users` has them.

        The record names none, as it is passed on. history: the epochs before.
        """
        names = read_table(self.files["train_users"], TRAIN_USERS)["user"]
        users = ", ".join(names[error.users])
        loss = best_epoch(history).validation_loss if history else None
        trained = self.end(history, loss, sum(e.seconds for e in history), stopped=str(error))
        return TrainingStoppedError(f"{error} (users {users})" if users else str(error), trained)


def make_training(
    job: TrainingJob, files: Mapping[str, Path], folder: Path, device: torch.device
) -> Training:
    """Read the files `train`, `validation`, `catalogue`, `vocabulary` and `validation_users`.

    folder: the trial's, for the checkpoint.
    """
    make_repeatable(job.threads)
    if device.type == "cuda":
        torch.cuda.set_device(device)  # streams and recordings are of the current one
    catalogue = Catalogue.load(files["catalogue"], device)
    vocabulary = read_json(files["vocabulary"], Vocabulary)
    problem = make_problem(vocabulary, catalogue, job.task, job.network)
    train, validation = (Episodes.load(files[fold], device) for fold in ("train", "validation"))
    groups = read_table(files["validation_users"], VALIDATION_USERS)["group"]
    folds = Folds(train, validation, catalogue, problem.task, groups)
    settings = parse_method(job.settings)
    method = build_method(settings, problem, job.seed).to(device)
    checkpoint = Checkpoint(folder, _identify(job, files, device))
    return Training(job, files, method, settings, folds, device, checkpoint)


def run_training(
    job: TrainingJob,
    files: Mapping[str, Path],
    folder: Path,
    device: torch.device,
    on_epoch: Callable[[EpochRecord], None],
) -> Trained:
    """Train on the files of `make_training` and `split`.

    Raises TrainingStoppedError when losses or gradients stop being sound numbers, TooLargeError
    when one user does not fit the device.
    """
    start = time.perf_counter()
    training, history = make_training(job, files, folder, device), list[EpochRecord]()

    def keep(epoch: EpochRecord) -> None:
        """Note an epoch, and hand it on."""
        history.append(epoch)
        on_epoch(epoch)

    learns = isinstance(training.settings, LearnerSettings)
    try:
        with training.checkpoint.held() if learns else nullcontext():
            training.fit(keep)
    except TooLargeError:
        raise
    except TrainingError as error:
        raise training.stop(error, history) from error
    folds = training.folds
    loss = validate(training.method, folds.validation, folds.catalogue, folds.task).loss
    # The epochs may be those of a team, or of earlier processes that were interrupted.
    passed = sum(e.seconds for e in history) if history else time.perf_counter() - start
    return training.end(history, loss, passed)


def _identify(job: TrainingJob, files: Mapping[str, Path], device: torch.device) -> str:
    """Return a text of all that the weights depend on."""
    parts = [job.model_dump_json(exclude=IRRELEVANT), device.type]
    parts += [version for name, version in job.environment.items() if name != "revision"]
    for name in ("train", "validation", "catalogue", "vocabulary"):
        with files[name].open("rb") as file:
            parts.append(hashlib.file_digest(file, "sha256").hexdigest())
    return "\n".join(parts)
