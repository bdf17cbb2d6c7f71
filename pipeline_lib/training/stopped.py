"""What a run says at its end of trainings that were stopped."""

from collections.abc import Mapping
from pathlib import Path

from pipeline_lib.training.record import TrainingRecord


class StoppedTrainingsError(Exception):
    """Trainings of a run were stopped."""


def check_trainings(trainings: Mapping[Path, TrainingRecord]) -> None:
    """Raise StoppedTrainingsError that names the trainings that were stopped, and what to do.

    trainings: by the folder of their files.
    """
    stopped = {folder: own for folder, own in trainings.items() if own.stopped}
    if not stopped:
        return
    lines = [line for folder, own in stopped.items() for line in _describe(own, folder)]
    raise StoppedTrainingsError(
        "\n".join(
            [
                f"{len(stopped)} of {len(trainings)} trainings were stopped. All else is made, and "
                "tables, figures and model leave their methods out:",
                *lines,
                "Lower outer_lr or the inner learning rate of these methods, and run the same "
                "command again: only they are trained again, and only what follows from them is "
                "made anew.",
            ]
        )
    )


def _describe(own: TrainingRecord, folder: Path) -> list[str]:
    which = f"of epoch {own.best_epoch}" if own.best_epoch else "the first ones, as no epoch ended"
    return [
        f"  {own.dataset} {own.method} seed {own.seed}: {own.stopped}",
        f"    its last good weights, {which}: {folder}/weights.safetensors",
    ]
