"""Settings of one method at several values, each of them a method of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline_lib.settings.strict import Name, Several

FEWEST = 3  # values that make a curve
Value = int | float | str
Sweep = dict[Name, dict[Name, Several[Value]]]


@dataclass(frozen=True)
class Variant:
    """A method that is another but for one setting."""

    base: str
    setting: str
    value: Value

    @property
    def name(self) -> str:
        """Return the method's name, such as `reg-paml-gamma-0.01`."""
        return f"{self.base}-{self.setting}-{_written(self.value)}"

    def changes(self, label: str | None) -> dict[str, Value]:
        """Return what it changes in the other's settings; label: the other's."""
        own = f"{label or self.base}, {self.setting} = {_written(self.value)}"
        return {self.setting: self.value, "label": own, "role": "ablation"}


def variants(sweep: Mapping[str, Mapping[str, tuple[Value, ...]]]) -> Iterator[Variant]:
    """Yield a variant for every value."""
    for base, settings in sweep.items():
        for setting, values in settings.items():
            yield from (Variant(base, setting, value) for value in values)


def curves(methods: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, dict[str, float]]]:
    """Return where methods differ in one number alone, which has three values or more.

    methods: settings by name. Returns the setting, and each such method's value of it.
    """
    found: list[tuple[str, dict[str, float]]] = []
    for setting in dict.fromkeys(key for own in methods.values() for key in own):
        alike: dict[str, dict[str, float]] = {}
        for name, own in methods.items():
            if isinstance(value := own.get(setting), int | float):
                others = repr(sorted(({**own, setting: None}).items()))
                alike.setdefault(others, {})[name] = value
        found += [(setting, own) for own in alike.values() if len(set(own.values())) >= FEWEST]
    return found


def _written(value: Value) -> str:
    """Write a number as short as it stays the same number; a text as it is."""
    if isinstance(value, str):
        return value
    short = f"{value:g}"
    return short if float(short) == value else repr(value)
