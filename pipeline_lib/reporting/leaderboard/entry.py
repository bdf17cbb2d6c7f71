"""An entry of the leaderboard: one method's result on one dataset, and how it was made."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.strict import Strict
from pipeline_lib.settings.task import Task
from pipeline_lib.training.record import TrainingRecord


class Trial(Strict):
    """A training with one seed on one split, judged. revision: of the code, as git names it."""

    split_seed: NonNegativeInt
    split_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    seed: NonNegativeInt
    test_users: PositiveInt
    metrics: dict[str, float]
    parameters: NonNegativeInt
    seconds: NonNegativeFloat
    hardware: str
    revision: str


class Origin(Strict):
    """What a run says of all its results on a dataset.

    partition: the protocol, in what differs from the paper's. chosen_on: the seed of the split on
    which settings were looked at or chosen.
    """

    dataset: str
    logs: Literal["sample", "real"]
    partition: dict[str, Any]
    chosen_on: NonNegativeInt


class Entry(Origin):
    """A method's trials on the splits of a dataset. candidates: trainings that settings cost."""

    task: Task
    method: str
    label: str
    kind: str
    settings: dict[str, Any]
    network: Network | None
    candidates: PositiveInt
    trials: Annotated[tuple[Trial, ...], Field(min_length=1)]

    @classmethod
    def of_run(
        cls,
        origin: Origin,
        label: str,
        candidates: int,
        split_seeds: dict[str, int],
        judged: Sequence[tuple[TrainingRecord, Evaluation]],
    ) -> Self:
        """Return the entry of a method's trainings. split_seeds: by the splits' hashes.

        Raises ValueError where a training was stopped.
        """
        first = judged[0][0]
        for own in (training for training, _ in judged if training.stopped):
            raise ValueError(
                f"{own.dataset} {own.method} seed {own.seed} was stopped in {own.stopped}; an "
                "entry takes all trainings of a method: change its settings, or leave it out"
            )
        return cls(
            **origin.model_dump(),
            task=first.task,
            method=first.method,
            label=label,
            kind=first.settings["kind"],
            settings=first.settings,
            network=first.network,
            candidates=candidates,
            trials=tuple(
                Trial(
                    split_seed=split_seeds[training.split_sha256],
                    split_sha256=training.split_sha256,
                    seed=training.seed,
                    test_users=evaluation.users,
                    metrics=evaluation.metrics,
                    parameters=training.parameters,
                    seconds=training.seconds,
                    hardware=training.hardware,
                    revision=training.environment["revision"],
                )
                for training, evaluation in judged
            ),
        )

    @property
    def splits(self) -> dict[int, str]:
        """Return the splits' hashes by their seeds."""
        found = {t.split_seed: t.split_sha256 for t in self.trials}
        return dict(sorted(found.items()))

    def values(self, metric: str) -> list[list[float]]:
        """Return a metric's values, [splits, seeds]; none where a trial lacks it."""
        return [
            [t.metrics[metric] for t in self.trials if t.split_sha256 == sha256]
            for sha256 in self.splits.values()
            if all(metric in t.metrics for t in self.trials)
        ]


def metrics_in(entries: Iterable[Entry]) -> list[str]:
    """Return the names of all metrics, in their order."""
    return [*dict.fromkeys(name for e in entries for t in e.trials for name in t.metrics)]
