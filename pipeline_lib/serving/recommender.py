"""Score and rank items for users that nobody trained on, by a bundle's method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import polars as pl
import torch
from torch import Tensor

from pipeline_lib.data.encode.vocabulary import Vocabulary
from pipeline_lib.episodes.format import Catalogue, Episodes, Ragged, Rows
from pipeline_lib.evaluation.predict import load_method
from pipeline_lib.meta.neighbours.flann import FlannMissingError
from pipeline_lib.methods.base import INNER_LR, Method
from pipeline_lib.methods.predict import predict_fold
from pipeline_lib.metrics.loss import row_loss
from pipeline_lib.schemas.split import ITEMS
from pipeline_lib.serving.answers import COLUMNS, rank_answers
from pipeline_lib.serving.bundle import COPIED, BundleError, check_bundle
from pipeline_lib.serving.items import ItemFinder
from pipeline_lib.serving.profiles import ProfileReader
from pipeline_lib.serving.requests import RequestError, UserRequest, check_requests
from pipeline_lib.serving.units import Units
from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.storage.tables import TableError, read_json, read_table
from pipeline_lib.storage.tensors import TensorFileError
from pipeline_lib.training.record import TrainingRecord


@dataclass(frozen=True)
class Recommender:
    """A loaded bundle.

    items: names, in the catalogue's order. finder: finds them there. units: of the targets.
    """

    training: TrainingRecord
    profiles: ProfileReader
    method: Method
    catalogue: Catalogue
    items: list[str]
    finder: ItemFinder
    units: Units

    def recommend(self, requests: Sequence[UserRequest], top: int | None = None) -> pl.DataFrame:
        """Return each user's candidates with their scores, the best first.

        Columns: `user`, `item`, `score`, `rank` from 1 (equal scores in the candidates' order),
        `inner_lr`, `support_rows` that were used, `support_loss_unadapted` and
        `support_loss_adapted`, the task's loss on these, `adaptation_helped`, and a `note`. Scores
        are in the log's units, and cut to the scale. The score of an unknown item is null, and so
        are losses without support rows. top: how many items of each user to return. Raises
        RequestError.
        """
        if top is not None and top < 1:
            raise RequestError(f"top is {top}; ask for at least 1 item of each user")
        if not requests:
            return pl.DataFrame(schema=COLUMNS)
        offsets = self._offsets(requests)
        check_requests(requests, self.profiles.columns, self.units, offsets)
        codes, values, notes = self.profiles.read([request.profile for request in requests])
        known = [[(offsets[i], t) for i, t in r.support if i in offsets] for r in requests]
        asked = [
            self._others(own) if request.candidates is None else request.candidates
            for request, own in zip(requests, known, strict=True)
        ]
        found = [[offsets[item] for item in items if item in offsets] for items in asked]
        users = torch.arange(len(requests))
        support = self._support(known)
        both = zip(found, known, strict=True)
        query = _rows([[*items, *(i for i, _ in own)] for items, own in both])
        people = Episodes(users, codes, values, support, query)
        score, inner_lr = self._predict(people)
        of_support = _is_support(people)
        adapted, unadapted = score[of_support], self._predict(_blind(people))[0]
        answers = pl.DataFrame(
            {
                "user": [request.user for request in requests],
                "inner_lr": pl.Series(inner_lr.numpy()).fill_nan(None),
                "support_rows": support.users.lengths(users).numpy(),
                "support_loss_unadapted": self._mean_loss(support, unadapted),
                "support_loss_adapted": self._mean_loss(support, adapted),
                "note": [
                    "; ".join([*said, *_unknown(request, own)]) or None
                    for said, request, own in zip(notes, requests, known, strict=True)
                ],
            },
            schema_overrides={"note": pl.String},
        )
        logged = self.units.logged(score[~of_support])
        return rank_answers(answers, asked, offsets, logged, self.units.scale, top)

    def _offsets(self, requests: Sequence[UserRequest]) -> Mapping[str, int]:
        """Return the offsets of the items that the requests name, and of all others."""
        given = ([*(item for item, _ in r.support), *(r.candidates or ())] for r in requests)
        return self.finder.find(chain.from_iterable(given))

    def _support(self, known: Sequence[Sequence[tuple[int, float]]]) -> Rows:
        rows = _rows([[item for item, _ in own] for own in known])
        given = torch.tensor([t for own in known for _, t in own], dtype=torch.float64)
        return replace(rows, target=self.units.learned(given))

    def _others(self, support: Sequence[tuple[int, float]]) -> list[str]:
        met = {self.items[offset] for offset, _ in support}
        return [item for item in self.items if item not in met]

    def _predict(self, people: Episodes) -> tuple[Tensor, Tensor]:
        """Return the query rows' scores and the users' rates, rounded to float32."""
        score, diagnostics = predict_fold(self.method, people, self.catalogue)
        rate = diagnostics.get(INNER_LR, score.new_full((len(people),), torch.nan))
        return score.float().double(), rate.float().double()

    def _mean_loss(self, support: Rows, score: Tensor) -> pl.Series:
        """Return the task's mean loss over each user's support rows; null without any."""
        users = torch.arange(len(support.users))
        _, owner, _ = support.users.take(users)
        total = score.new_zeros(len(users))
        total.index_add_(0, owner, row_loss(self.training.task, score, support.target))
        return pl.Series((total / support.users.lengths(users)).numpy()).fill_nan(None)


def load_recommender(folder: Path) -> Recommender:
    """Load a bundle; raise BundleError where a file is not what was written."""
    profile, training = check_bundle(folder)
    files = {role: folder / name for role, name in COPIED.items()}
    try:
        vocabulary = read_json(files["vocabulary"], Vocabulary)
        method, catalogue = load_method(training, files, vocabulary)
        items = read_table(files["names"], ITEMS)["item"].to_list()
    except (FlannMissingError, SettingsError) as error:
        raise BundleError(f"{folder} cannot be loaded here: {error}") from error
    except (TensorFileError, TableError, RuntimeError, ValueError) as error:
        raise BundleError(f"{folder} holds parts that do not fit together: {error}") from error
    profiles, finder = ProfileReader(profile, vocabulary.user), ItemFinder(items, profile.items)
    units = Units(training.task, profile.target)
    return Recommender(training, profiles, method, catalogue, items, finder, units)


def _rows(items: Sequence[Sequence[int]]) -> Rows:
    """Return rows with these items by user, all targets 0."""
    item = torch.tensor([i for own in items for i in own], dtype=torch.int64)
    ends = torch.tensor([0, *map(len, items)]).cumsum(0)
    return Rows(Ragged(ends), item, torch.zeros(len(item), dtype=torch.float64))


def _blind(people: Episodes) -> Episodes:
    """Return the same users without support rows, their support rows as query rows."""
    support = people.support
    nothing = Rows(
        Ragged(torch.zeros_like(support.users.offsets)), support.item[:0], support.target[:0]
    )
    return Episodes(people.user, people.codes, people.values, nothing, support)


def _is_support(people: Episodes) -> Tensor:
    """Return which query rows repeat support rows, each user's last ones: [query rows] bool."""
    _, owner, rank = people.query.users.take(people.user)
    shown = people.query.users.lengths(people.user) - people.support.users.lengths(people.user)
    return rank >= shown[owner]


def _unknown(request: UserRequest, known: Sequence[object]) -> list[str]:
    gone = len(request.support) - len(known)
    return [f"{gone} of {len(request.support)} support items are unknown"] if gone else []
