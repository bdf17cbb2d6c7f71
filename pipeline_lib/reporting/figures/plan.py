"""Which figures a dataset has, and which of the paper's it cannot have, from settings alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipeline_lib.metrics.registry import TaskKind
from pipeline_lib.settings.methods.base import (
    InnerLoop,
    LearnerSettings,
    MethodSettings,
    settings_class,
)
from pipeline_lib.settings.methods.paml import UserRateSettings

Methods = Mapping[str, MethodSettings]

RIVALS = ("transfer", "melu", "meta-sgd", "at-paml", "reg-paml")
ABLATED = ("paml", "at-paml", "reg-paml-1e-5", "reg-paml-1e-4", "reg-paml", "reg-paml-1e-2")
FAILURE = ("at-paml", "at-paml-outer-5e-4")


@dataclass(frozen=True)
class Planned:
    """A figure's name, when it can be drawn, where the paper has it and of which methods."""

    name: str
    applies: Callable[[Methods], bool]
    paper: str | None = None
    methods: tuple[str, ...] = ()
    task: TaskKind | None = None


def has_user_rates(kind: str) -> bool:
    """Tell whether a kind of method chooses an inner learning rate for each user."""
    return issubclass(settings_class(kind), UserRateSettings)


def is_learner(kind: str) -> bool:
    """Tell whether a kind of method is trained epoch by epoch."""
    return issubclass(settings_class(kind), LearnerSettings)


def is_embedded(method: MethodSettings) -> bool:
    """Tell whether a method's user embeddings are shown: it has some, and is no ablation."""
    return issubclass(settings_class(method.kind), InnerLoop) and method.role != "ablation"


def figures_for(task_kind: TaskKind, methods: Methods) -> tuple[str, ...]:
    """Name the figures of a dataset, in the paper's order."""
    return tuple(plan.name for plan in _plans(task_kind) if plan.applies(methods))


def missing(task_kind: TaskKind, methods: Methods) -> list[str]:
    """Say which of the paper's figures cannot be drawn, or lack methods that the paper shows."""
    found = []
    for plan in _plans(task_kind):
        lacking = [name for name in plan.methods if name not in methods]
        where, names = f"The paper's {plan.paper}", ", ".join(lacking) or "a learner"
        if plan.paper and not plan.applies(methods):
            found.append(f"{where} cannot be drawn without {names}.")
        elif lacking:
            were = "was" if len(lacking) == 1 else "were"
            found.append(f"{where} ({plan.name} here) cannot show {names}, which {were} not run.")
    return found


def _plans(task_kind: TaskKind) -> list[Planned]:
    return [plan for plan in PLANS if plan.task in (None, task_kind)]


def _any_learner(methods: Methods) -> bool:
    return any(is_learner(m.kind) for m in methods.values())


def _any_embedded(methods: Methods) -> bool:
    return any(map(is_embedded, methods.values()))


def _any_user_rates(methods: Methods) -> bool:
    return any(has_user_rates(m.kind) for m in methods.values())


def _any_ablation(methods: Methods) -> bool:
    return any(m.role == "ablation" for m in methods.values())


def _any_rival(methods: Methods) -> bool:
    return any(m.role in ("baseline", "proposed") for m in methods.values())


def _always(_: Methods) -> bool:
    return True


PLANS = (
    Planned("clicks", _always, "Figure 3", RIVALS, "click"),
    Planned("errors", _always, "Figures 5 and 6", RIVALS, "rating"),
    Planned("inner_lrs", _any_user_rates, "Figures 4 and 7", ("paml", "reg-paml", "reg-paml-1e-5")),
    Planned("failure", lambda methods: set(FAILURE) <= set(methods), "Figure 8", FAILURE),
    Planned("ablations", _any_ablation, "Figure 9", ABLATED),
    Planned("groups", _any_rival, "Figure 10", RIVALS),
    Planned("embeddings", _any_embedded, "Figure 11"),
    Planned("learning_curves", _any_learner),
    Planned("support_size", _always),
)
