"""Settings that every method, every learner and every method of inner steps has."""

import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from operator import not_
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from pipeline_lib.settings.errors import SettingsError, unknown, validate
from pipeline_lib.settings.network import HeadKind
from pipeline_lib.settings.own_methods import PACKAGE, import_modules, method_folder
from pipeline_lib.settings.strict import Strict

Share = Annotated[float, Field(gt=0, lt=1)]
Order = Literal["first", "second"]
Role = Literal["reference", "rival", "baseline", "proposed", "ablation"]


class MethodSettings(Strict):
    """The settings that every method has."""

    kind: str
    label: str | None = Field(
        None, description="Name in tables and figures; without it, the file's name."
    )
    role: Role = Field(
        "proposed",
        description="reference, rival: simple, or published by others, not in the paper; baseline, "
        "proposed: in Tables 2 and 4; ablation: a variant of a method, in Tables 3 and 5.",
    )

    def for_training(self) -> dict[str, Any]:
        """Return the settings that training depends on, beside those of the network."""
        return self.model_dump(mode="json", exclude={"label", "role", "head"})


class LearnerSettings(MethodSettings):
    """The settings that every method trained by gradient descent has."""

    epochs: PositiveInt
    users_per_batch: PositiveInt
    outer_lr: PositiveFloat = Field(description="Largest learning rate of AdamW.")
    schedule: Literal["constant", "one-cycle"] = Field(
        "constant",
        description="one-cycle: the outer rate rises for three tenths of the training, then falls "
        "to 0.",
    )
    weight_decay: NonNegativeFloat = Field(0, description="Weight decay of AdamW.")
    clip_norm: PositiveFloat | None = Field(
        None,
        exclude_if=not_,
        description="The most that the norm of a step's outer gradient may be; a longer one is "
        "scaled down to it.",
        examples=["5"],
    )
    support_share: tuple[Share, Share] | None = Field(
        None,
        description="In every epoch each training user's rows are dealt anew, a share between "
        "these two to support and the rest to query; without it as the split has them.",
        examples=["[0.5, 0.9]"],
    )
    rows_per_user: Annotated[PositiveInt, Field(ge=2)] | None = Field(
        None,
        exclude_if=not_,
        description="With support_share: at most so many of a training user's rows are dealt in an "
        "epoch, drawn anew.",
        examples=["256"],
    )

    @model_validator(mode="after")
    def _check_share(self) -> Self:
        if self.support_share and self.support_share[0] > self.support_share[1]:
            raise ValueError(f"support_share: must not fall, but is {list(self.support_share)}")
        if self.rows_per_user and not self.support_share:
            raise ValueError("rows_per_user: needs support_share, as `support_share: [0.5, 0.9]`")
        return self


class EmbeddedSettings(LearnerSettings):
    """The settings of every learner that embeds users and items as the run's network says."""

    head: HeadKind | None = Field(None, description="`head` of its network; without it the run's.")


class InnerSteps(EmbeddedSettings):
    """The settings of every method whose users adapt weights by gradient steps."""

    inner_steps: PositiveInt = Field(1, description="Gradient steps on each user's support rows.")
    order: Order = Field(
        "second",
        description="second: differentiate through the inner steps; first: do not.",
    )


class InnerLoop(InnerSteps):
    """The settings of every method whose users adapt all layers of the preference network."""

    adapt: Literal["decision", "all"] = Field(
        "decision", description="decision: the layers alone; all: the embeddings as well."
    )


def _kinds() -> dict[str, type[MethodSettings]]:
    """Return the settings class of every kind: the families', and the user's own."""
    return _delivered() | _own(method_folder())


@cache
def _delivered() -> dict[str, type[MethodSettings]]:
    """Return the kinds of the families beside this module."""
    families = [path.stem for path in Path(__file__).parent.glob("*.py")]
    return _classes(import_module(f"{__package__}.{family}") for family in sorted(families))


@cache
def _own(folder: Path | None) -> dict[str, type[MethodSettings]]:
    """Return the kinds of a folder's modules; raise SettingsError for one that cannot be built."""
    modules = import_modules(folder) if folder else []
    found = _classes(modules)
    for kind, own in found.items():
        file = f"{folder}/{own.__module__.rpartition('.')[2]}.py"
        if kind in _delivered():
            raise SettingsError(f"{file}: the kind {kind!r} is delivered; name yours otherwise")
        if kind not in vars(sys.modules[own.__module__]).get("METHODS", {}):
            raise SettingsError(
                f"{file}: METHODS has no class of the kind {kind!r}; write for example "
                f'METHODS = {{"{kind}": MyMethod}}'
            )
    return found


def _classes(modules: Iterable[ModuleType]) -> dict[str, type[MethodSettings]]:
    """Return the settings classes that modules define, by kind."""
    owned = [(module.__name__, own) for module in modules for own in vars(module).values()]
    classes = [own for name, own in owned if isinstance(own, type) and own.__module__ == name]
    settings = [own for own in classes if issubclass(own, MethodSettings)]
    return {kind: own for own in settings for kind in get_args(own.model_fields["kind"].annotation)}


def known_kinds() -> list[str]:
    """Return the kinds of methods, sorted."""
    return sorted(_kinds())


def settings_class(kind: str) -> type[MethodSettings]:
    """Return the settings class of a kind."""
    return _kinds()[kind]


def kind_modules(kind: str) -> list[str]:
    """Return the modules of a kind: of its settings, and of its methods if these are others."""
    settings = settings_class(kind).__module__
    if settings.startswith(f"{PACKAGE}."):
        return [settings]
    return [settings, f"pipeline_lib.methods.{settings.rpartition('.')[2]}"]


def outer_rates(methods: Mapping[str, MethodSettings]) -> dict[str, float]:
    """Return the outer rate of each learner that differs from another in that rate alone."""
    learners = {n: own for n, own in methods.items() if isinstance(own, LearnerSettings)}
    alike: dict[str, list[str]] = {}
    for name, own in learners.items():
        others = own.model_dump_json(exclude={"label", "role", "outer_lr"})
        alike.setdefault(others, []).append(name)
    rates = [{name: learners[name].outer_lr for name in names} for names in alike.values()]
    return {name: r for own in rates if len(set(own.values())) > 1 for name, r in own.items()}


def parse_method(raw: Mapping[str, Any], source: str = "method") -> MethodSettings:
    """Check a method's settings; raise SettingsError with `source` and the key."""
    kind = str(raw.get("kind"))
    if kind not in known_kinds():
        raise SettingsError(f"{source}: kind: {unknown(kind, 'kind', known_kinds())}")
    return validate(settings_class(kind), raw, source)
