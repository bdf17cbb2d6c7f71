"""One training job in one process: from input files to a trained method and its record."""

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
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
from pipeline_lib.training.step import TrainingError

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
    """Training was stopped. method: with the weights of the best epoch so far, or its first."""

    def __init__(self, error: TrainingError, users: Sequence[str], method: Method) -> None:
        who = f" (users {', '.join(users)})" if users else ""
        super().__init__(f"{error}{who}")
        self.method = method


@dataclass(frozen=True)
class Training:
    """A method, its settings and data, and its checkpoint."""

    method: Method
    settings: MethodSettings
    folds: Folds
    seed: int
    checkpoint: Checkpoint

    def fit(self, on_epoch: Callable[[EpochRecord], None], team: Team = ALONE) -> list[EpochRecord]:
        """Train, from the checkpoint on if there is one; raise as `fit` does."""
        return fit(
            self.method, self.settings, self.folds, self.seed, on_epoch, self.checkpoint, team
        )


def make_training(
    job: TrainingJob, files: Mapping[str, Path], folder: Path, device: torch.device
) -> Training:
    """Read the files `train`, `validation`, `catalogue`, `vocabulary` and `validation_users`.

    folder: the trial's, for the checkpoint.
    """
    make_repeatable(job.threads)
    catalogue = Catalogue.load(files["catalogue"], device)
    vocabulary = read_json(files["vocabulary"], Vocabulary)
    problem = make_problem(vocabulary, catalogue, job.task, job.network)
    train, validation = (Episodes.load(files[fold], device) for fold in ("train", "validation"))
    groups = read_table(files["validation_users"], VALIDATION_USERS)["group"]
    folds = Folds(train, validation, catalogue, problem.task, groups)
    settings = parse_method(job.settings)
    method = build_method(settings, problem, job.seed).to(device)
    checkpoint = Checkpoint(folder, _identify(job, files, device))
    return Training(method, settings, folds, job.seed, checkpoint)


def run_training(
    job: TrainingJob,
    files: Mapping[str, Path],
    folder: Path,
    device: torch.device,
    on_epoch: Callable[[EpochRecord], None],
) -> Trained:
    """Train on the files of `make_training` and `split`.

    Raises TrainingStoppedError, which names users as the file `train_users` has them.
    """
    start = time.perf_counter()
    training = make_training(job, files, folder, device)
    learns = isinstance(training.settings, LearnerSettings)
    try:
        with training.checkpoint.held() if learns else nullcontext():
            history = training.fit(on_epoch)
    except TrainingError as error:
        raise name_users(error, files, training.method) from error
    method, folds = training.method, training.folds
    validation_loss = validate(method, folds.validation, folds.catalogue, folds.task).loss
    # The epochs may be those of a team, or of earlier processes that were interrupted.
    passed = sum(e.seconds for e in history) if history else time.perf_counter() - start
    record = TrainingRecord(
        **job.model_dump(exclude={"device"}),
        device=device.type,
        split_sha256=read_json(files["split"], SplitSummary).sha256,
        parameters=sum(p.numel() for p in method.parameters()),
        best_epoch=best_epoch(history).epoch if history else None,
        validation_loss=validation_loss,
        seconds=passed,
        hardware=hardware_name(device),
        peak_bytes=measured_peak(history) if history else peak_bytes(device),
    )
    return Trained(method, history, record, training.checkpoint)


def name_users(
    error: TrainingError, files: Mapping[str, Path], method: Method
) -> TrainingStoppedError:
    """Return the error with the users' names in the log; method: as training left it."""
    names = read_table(files["train_users"], TRAIN_USERS)["user"]
    return TrainingStoppedError(error, names[error.users].to_list(), method)


def _identify(job: TrainingJob, files: Mapping[str, Path], device: torch.device) -> str:
    """Return a text of all that the weights depend on."""
    parts = [job.model_dump_json(exclude=IRRELEVANT), device.type]
    parts += [version for name, version in job.environment.items() if name != "revision"]
    for name in ("train", "validation", "catalogue", "vocabulary"):
        with files[name].open("rb") as file:
            parts.append(hashlib.file_digest(file, "sha256").hexdigest())
    return "\n".join(parts)
