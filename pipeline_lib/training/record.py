"""The records of a training: the job, each epoch, and the finished job."""

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import Task

# Why a training was stopped; None, and not written, where it was not.
Stopped = Annotated[str | None, Field(exclude_if=lambda reason: reason is None)]


@dataclass(frozen=True)
class EpochRecord:
    """One pass over the training users.

    seconds: wall-clock, training alone. measures: numbers that the method reports, by name.
    watched: numbers measured from outside, such as gradient norms and validation metrics.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    seconds: float
    measures: dict[str, float]
    watched: dict[str, float]

    def metrics(self) -> dict[str, float]:
        """Return all numbers by name; names of one kind share what stands before `/`."""
        own = {
            "train/loss": self.train_loss,
            "validation/loss": self.validation_loss,
            "epoch/seconds": self.seconds,
        }
        return own | {f"method/{name}": x for name, x in self.measures.items()} | self.watched

    def __str__(self) -> str:
        """Render as a log line."""
        measures = "".join(f", {name} {value:.4g}" for name, value in self.measures.items())
        return (
            f"epoch {self.epoch:>2}: training loss {self.train_loss:.4f}, "
            f"validation loss {self.validation_loss:.4f}, {self.seconds:.1f} s{measures}"
        )


def best_epoch(history: list[EpochRecord]) -> EpochRecord:
    """Return the epoch with the lowest validation loss, the first of equal ones."""
    return min(history, key=lambda epoch: epoch.validation_loss)


class TrainingJob(BaseModel):
    """What to train, on which device, and with which code and package versions.

    network: None for a method without one. processes: the number that share every batch.
    """

    experiment: str
    dataset: str
    method: str
    seed: int
    started: AwareDatetime
    settings: dict[str, Any]
    task: Task
    network: Network | None
    device: str
    threads: int
    processes: int
    code: str
    environment: dict[str, str]


class TrainingRecord(TrainingJob):
    """A finished job. seconds: wall-clock of all epochs, without validation, however often resumed.

    hardware: the name of the GPU or CPU. peak_bytes: the most memory held after any epoch, on a GPU
    torch's own, else the whole process's; of several processes the first one's. A method without
    epochs has no best_epoch, and the seconds of the whole job. stopped: why training stopped before
    its last epoch; the best is then one of those before, and None, without a loss, where none was.
    """

    split_sha256: str
    parameters: int
    best_epoch: int | None
    validation_loss: float | None
    seconds: float
    hardware: str
    peak_bytes: int
    stopped: Stopped = None

    @model_validator(mode="after")
    def _has_loss(self) -> Self:
        if self.validation_loss is None and self.stopped is None:
            raise ValueError("there is no loss on validation users")
        return self

    def metrics(self) -> dict[str, float]:
        """Return the job's final numbers by name."""
        numbers = {
            "best/validation_loss": self.validation_loss,
            "best/epoch": self.best_epoch,
            "model/parameters": self.parameters,
            "job/seconds": self.seconds,
        }
        return {name: float(value) for name, value in numbers.items() if value is not None}

    def __str__(self) -> str:
        """Render as a log line."""
        chosen = f"epoch {self.best_epoch} chosen, " if self.best_epoch else ""
        return f"{chosen}validation loss {self.validation_loss:.4f}, {self.seconds:.1f} s in all"
