"""A trained method, adapted to users who are in no log."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import torch
from torch import Tensor

from pipeline_lib.data.encode.users import encode_users
from pipeline_lib.data.encode.vocabulary import CONSTANT, Scale, Vocabulary
from pipeline_lib.episodes.format import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.meta.rates import UserRates
from pipeline_lib.methods.base import Method
from pipeline_lib.methods.effects import GradientEffects
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.methods.predict import predict_fold
from pipeline_lib.settings.errors import did_you_mean, unknown
from pipeline_lib.settings.methods.base import MethodSettings
from pipeline_lib.settings.task import Task

Value = str | float | Sequence[str] | None


@dataclass(frozen=True)
class TrainedMethod:
    """A trained method with what it knows of users and items.

    settings: those it was trained with. method, catalogue: in float64. items: in the catalogue's
    order.
    """

    name: str
    settings: Mapping[str, Any]
    task: Task
    method: Method
    catalogue: Catalogue
    vocabulary: Vocabulary
    items: pl.Series

    @property
    def user_features(self) -> dict[str, list[str] | Scale]:
        """Return the values of each user feature that training met; a number's mean and sd."""
        return {name: own for name, own in self.vocabulary.user.items() if name != CONSTANT}

    def adapt(
        self,
        profile: Mapping[str, Value],
        support: Mapping[str, float],
        inner_lr: float | None = None,
    ) -> pl.DataFrame:
        """Score every item for an invented user, without the support rows and adapted to them.

        profile: values of user features, unknown where left out. support: targets by item, as they
        are learned. inner_lr: the rate of all inner steps; without it the method's own. Returns
        `item`, `target` of the support rows, `before`, `after`, in the items' order. Raises
        ValueError for an unknown feature, value or item, a target beyond the scale, and a rate
        for a method that takes no inner steps.
        """
        codes, values = self._encode(profile)
        rows, every = self._rows(support), torch.arange(len(self.items))
        query = _one_user(every, torch.zeros(len(every), dtype=torch.float64))
        method = self.method if inner_lr is None else _at_rate(self.method, inner_lr)
        scores = {}
        for name, known in {"before": self._rows({}), "after": rows}.items():
            people = Episodes(torch.zeros(1, dtype=torch.int64), codes, values, known, query)
            scores[name] = predict_fold(method, people.double(), self.catalogue)[0].numpy()
        known_targets = [support.get(item) for item in self.items]
        return pl.DataFrame(
            {"item": self.items, "target": pl.Series(known_targets, dtype=pl.Float64), **scores}
        )

    def _encode(self, profile: Mapping[str, Value]) -> tuple[Tensor, Tensor]:
        """Return the codes and the weights of one user's profile."""
        known = self.user_features
        for name, value in profile.items():
            if name not in known:
                raise ValueError(f"profile: {unknown(name, 'feature', known)}")
            _check_value(name, value, known[name])
        columns = {
            name: pl.Series([profile.get(name)], dtype=_type(own, profile.get(name)))
            for name, own in known.items()
        }
        users = pl.DataFrame({CONSTANT: [CONSTANT], **columns})
        return encode_users(users, self.vocabulary.user)

    def _rows(self, support: Mapping[str, float]) -> Rows:
        places = {item: place for place, item in enumerate(self.items)}
        low, high = self.task.scale
        for item, target in support.items():
            if item not in places:
                near = did_you_mean(item, places)
                raise ValueError(f"support: unknown item {item!r}; {near}name one of the items")
            if not low <= target <= high:
                raise ValueError(
                    f"support: {target:g} for item {item!r} is not within {low:g} to {high:g}"
                )
        found = torch.tensor([places[item] for item in support], dtype=torch.int64)
        return _one_user(found, torch.tensor([*support.values()], dtype=torch.float64))


def _one_user(item: Tensor, target: Tensor) -> Rows:
    return Rows(Ragged(torch.tensor([0, len(item)])), item, target)


def _at_rate(method: Method, inner_lr: float) -> Method:
    """Return a method with this inner rate for all users; its weights are shared."""
    other, settings = copy.copy(method), vars(method).get("settings")
    if isinstance(method, AdaptiveLearner):
        vars(other)["rates"] = lambda users, _: UserRates(users.new_full((len(users),), inner_lr))
    elif isinstance(method, GradientEffects):
        vars(other)["rates"] = lambda batch: batch.values.new_full((len(batch),), inner_lr)
    elif isinstance(settings, MethodSettings) and "inner_lr" in type(settings).model_fields:
        vars(other)["settings"] = settings.model_copy(update={"inner_lr": inner_lr})
    else:
        raise ValueError(f"{type(method).__name__} has no inner rate to choose; leave inner_lr out")
    return other


def _type(known: list[str] | Scale, value: Value) -> pl.DataType:
    if isinstance(known, Scale):
        return pl.Float64()
    return pl.String() if value is None or isinstance(value, str) else pl.List(pl.String())


def _check_value(name: str, value: Value, known: list[str] | Scale) -> None:
    if value is None:
        return
    if isinstance(known, Scale):
        if not isinstance(value, int | float):
            raise ValueError(f"profile: {name} is a number, not {value!r}")  # noqa: TRY004
        return
    for one in [value] if isinstance(value, str | int | float) else value:
        if not isinstance(one, str):
            raise ValueError(f"profile: {name}: write {str(one)!r}, a text, not {one!r}")  # noqa: TRY004
        if one not in known:
            raise ValueError(f"profile: {name}: {unknown(str(one), 'value', known)}")
