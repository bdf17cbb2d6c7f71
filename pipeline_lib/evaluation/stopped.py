"""Methods that are not compared, as trainings of theirs were stopped."""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.settings.methods.base import MethodSettings, Role


class NoMethodLeftError(Exception):
    """Trainings of all methods were stopped."""


class StoppedMethod(BaseModel):
    """A method, its seeds, and why trainings were stopped: by training, such as `seed 1`."""

    name: str
    label: str
    role: Role
    seeds: list[int]
    reasons: dict[str, str]

    @property
    def note(self) -> str:
        """Return that the method is left out, and in a sentence for each training why."""
        of_each = self.reasons.items()
        why = [f"{which.capitalize()} was stopped in {reason}." for which, reason in of_each]
        return " ".join([f"{self.label} is left out.", *why])


def part_stopped(
    dataset: str,
    methods: Mapping[str, MethodSettings],
    trainings: Iterable[tuple[str, Evaluation]],
) -> tuple[dict[str, MethodSettings], list[StoppedMethod]]:
    """Return the methods whose trainings all ended, and the others.

    trainings: what each is called, such as `seed 1`. Raises NoMethodLeftError where none is left.
    """
    found, stopped = [*trainings], list[StoppedMethod]()
    for name, settings in methods.items():
        own = [(which, e) for which, e in found if e.method == name]
        if reasons := {which: e.stopped for which, e in own if e.stopped}:
            about = {"label": settings.label or name, "role": settings.role, "reasons": reasons}
            seeds = sorted({e.seed for _, e in own})
            stopped.append(StoppedMethod(name=name, seeds=seeds, **about))
    left = {name: methods[name] for name in methods if name not in {s.name for s in stopped}}
    if stopped and not left:
        raise NoMethodLeftError(
            f"{dataset}: there is no method to compare. {' '.join(s.note for s in stopped)}"
        )
    return left, stopped
