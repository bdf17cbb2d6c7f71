"""One training job, from files to a trained method and its record."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.data.vocabulary import Vocabulary
from pipeline_lib.episodes import Catalogue, Episodes
from pipeline_lib.methods.base import Method
from pipeline_lib.methods.build import build_method, make_problem
from pipeline_lib.methods.fold import judge_fold
from pipeline_lib.partition.record import SplitRecord
from pipeline_lib.schemas.split import TRAIN_USERS, VALIDATION_USERS
from pipeline_lib.settings.methods.parse import parse_method
from pipeline_lib.storage import read_json, read_table
from pipeline_lib.training.device import choose_device, make_repeatable
from pipeline_lib.training.fit import Epoch, Folds, TrainingError, best_epoch, fit
from pipeline_lib.training.record import TrainingJob, TrainingRecord


@dataclass(frozen=True)
class Trained:
    """A trained method, its epochs and its record."""

    method: Method
    history: list[Epoch]
    record: TrainingRecord


class TrainingStoppedError(Exception):
    """Training broke off. method: with the weights of the epoch best so far, or the first."""

    def __init__(self, error: TrainingError, users: list[str], method: Method) -> None:
        who = f" (users {', '.join(users)})" if users else ""
        super().__init__(f"{error}{who}")
        self.method = method


def run_training(
    job: TrainingJob, files: Mapping[str, Path], on_epoch: Callable[[Epoch], None]
) -> Trained:
    """Train on the files `train`, `validation`, `catalogue`, `vocabulary`, `split`.

    The file `validation_users` has the groups to report on; `train_users` names the users when
    TrainingStoppedError is raised.
    """
    make_repeatable(job.threads)
    device = choose_device(job.device)
    catalogue = Catalogue.load(files["catalogue"], device)
    vocabulary = read_json(files["vocabulary"], Vocabulary)
    problem = make_problem(vocabulary, catalogue, job.task, job.network)
    train, validation = (Episodes.load(files[fold], device) for fold in ("train", "validation"))
    groups = read_table(files["validation_users"], VALIDATION_USERS)["group"]
    folds = Folds(train, validation, catalogue, problem.task, groups)
    settings = parse_method(job.settings)
    method = build_method(settings, problem, job.seed).to(device)
    start = time.perf_counter()
    try:
        history = fit(method, settings, folds, job.seed, on_epoch)
    except TrainingError as error:
        names = read_table(files["train_users"], TRAIN_USERS)["user"]
        raise TrainingStoppedError(error, names[error.users].to_list(), method) from error
    return Trained(
        method,
        history,
        TrainingRecord(
            **job.model_dump(exclude={"device"}),
            device=str(device),
            split_sha256=read_json(files["split"], SplitRecord).sha256,
            parameters=sum(p.numel() for p in method.parameters()),
            best_epoch=best_epoch(history).epoch if history else None,
            validation_loss=judge_fold(method, validation, catalogue, folds.task).loss,
            seconds=time.perf_counter() - start,
        ),
    )
