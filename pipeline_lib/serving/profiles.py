"""Read new users' raw profiles as the workflow reads those of its logs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from torch import Tensor

from pipeline_lib.data.clean.listed import listed
from pipeline_lib.data.clean.values import BLANK, read_columns
from pipeline_lib.data.encode.users import encode_users
from pipeline_lib.data.encode.vocabulary import Scale, Side
from pipeline_lib.serving.bundle import Profile
from pipeline_lib.settings.features import AnyFeature, MultiValued


class ProfileReader:
    """Encodes raw profiles. columns: the raw columns that are read."""

    def __init__(self, profile: Profile, vocabulary: Side) -> None:
        self.columns = profile.columns
        self._vocabulary = vocabulary
        self._known = {
            n: v if isinstance(v, Scale) else {*v}
            for n, v in vocabulary.items()
            if n in profile.features
        }
        read = {
            name: read_columns(pl.col, name, feature, profile.blank)
            for name, feature in profile.features.items()
        }
        self._values = [
            _as_known(value, profile.features[name], vocabulary[name]).alias(name)
            for name, (value, _) in read.items()
        ]
        self._values += [problem.alias(f"problem {name}") for name, (_, problem) in read.items()]

    def read(
        self, profiles: Sequence[Mapping[str, str | None]]
    ) -> tuple[Tensor, Tensor, list[list[str]]]:
        """Encode profiles: codes [users, features] int64, values float64, and notes for each."""
        columns = {column: [own.get(column) for own in profiles] for column in self.columns}
        raw = pl.DataFrame(columns, schema=dict.fromkeys(self.columns, pl.String))
        index = pl.Series("user_index", range(len(profiles)), pl.UInt32)
        clean = index.to_frame().hstack(raw.select(self._values))
        codes, values = encode_users(clean, self._vocabulary)
        return codes, values.double(), [list(self._notes(row)) for row in clean.to_dicts()]

    def _notes(self, row: Mapping[str, Any]) -> Iterator[str]:
        for name, known in self._known.items():
            if problem := row[f"problem {name}"]:
                said = "is blank" if problem == BLANK else f"is {problem}"
                yield f"{name} {said}: taken as unknown"
            elif not isinstance(known, Scale):
                values = row[name] if isinstance(row[name], list) else [row[name]]
                for value in (one for one in values if one not in known):
                    yield f"{name} {value!r} was not met in training: taken as unknown"


def _as_known(value: pl.Expr, feature: AnyFeature, known: Sequence[str] | Scale) -> pl.Expr:
    """Write a number that is a known category as training met it: 25 as `25.0`."""
    if isinstance(known, Scale) or not known:
        return value
    if isinstance(feature, MultiValued):
        return value.list.eval(pl.coalesce(listed(pl.element(), known), pl.element()))
    return pl.coalesce(listed(value, known), value)
