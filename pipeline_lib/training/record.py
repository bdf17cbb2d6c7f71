"""What a training job is asked, and what it was."""

from typing import Any

from pydantic import AwareDatetime, BaseModel

from pipeline_lib.settings.network import Network
from pipeline_lib.settings.task import Task


class TrainingJob(BaseModel):
    """What to train, where, and by which code and versions; network is None without learning.

    processes: how many share the users of every batch.
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
    """A finished job. seconds: wall-clock, training and validation, since it was last taken up.

    best_epoch is None for a method without epochs.
    """

    split_sha256: str
    parameters: int
    best_epoch: int | None
    validation_loss: float
    seconds: float

    def figures(self) -> dict[str, float]:
        """List the job's final numbers."""
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
