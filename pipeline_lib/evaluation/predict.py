"""Score the test users with a trained method, with all their support rows and with fewer.

Scores are computed in float64 and rounded to float32. How many users and rows are computed at once
changes the last bits of a product, and rounding drops these: a user gets the same score alone, as
when a model is served, and among all others. (Two roundings differ once in some 10^8 scores.)
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import torch
from torch import Tensor

from pipeline_lib.data.encode.vocabulary import Vocabulary
from pipeline_lib.devices.choose import make_repeatable
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.episodes.subsets import choose_users, draw_ranks, limit_support, take_users
from pipeline_lib.methods.base import INNER_LR, Method, build_method, make_problem
from pipeline_lib.methods.predict import predict_fold
from pipeline_lib.seeds import derive_seed
from pipeline_lib.settings.methods.base import parse_method
from pipeline_lib.storage.tables import read_json
from pipeline_lib.storage.tensors import read_tensors
from pipeline_lib.training.record import TrainingRecord

# The most support rows of a user, point by point of a curve, and the most users of a figure.
LIMITS = (0, 1, 2, 4, 8, 16)
MOST_USERS = 2000


@dataclass(frozen=True)
class Predictor:
    """A trained method and the test users.

    name: the method's. users: `user`, `group`, in the fold's order. items: names, in the
    catalogue's order.
    """

    name: str
    method: Method
    catalogue: Catalogue
    test: Episodes
    users: pl.DataFrame
    items: pl.Series

    def of_some(self, seed: int) -> "Predictor":
        """Choose at most 2,000 users by their names and the seed, for all methods alike."""
        chosen = choose_users(self.users["user"], MOST_USERS, derive_seed(seed, "users"))
        return replace(self, test=take_users(self.test, chosen), users=self.users[chosen.numpy()])


def load_predictor(
    record: TrainingRecord, files: Mapping[str, Path], users: pl.DataFrame, items: pl.DataFrame
) -> Predictor:
    """Load a trained method and the test users.

    files: `test`, `catalogue`, `vocabulary`, `weights`. users: the split's. items: `item`, in
    the catalogue's order.
    """
    make_repeatable(record.threads)
    method, catalogue = load_method(record, files, read_json(files["vocabulary"], Vocabulary))
    test = Episodes.load(files["test"]).double()
    profiles = users.sort("user").select("user", "group")[test.user.numpy()]
    return Predictor(record.method, method, catalogue, test, profiles, items["item"])


def load_method(
    record: TrainingRecord, files: Mapping[str, Path], vocabulary: Vocabulary
) -> tuple[Method, Catalogue]:
    """Load a trained method and its items from `weights` and `catalogue`, in float64.

    Raises TensorFileError when a file is damaged, RuntimeError when the weights are another's.
    """
    catalogue = Catalogue.load(files["catalogue"])
    method = _build(record, catalogue, vocabulary)
    method.load_state_dict(read_tensors(files["weights"]))
    return method.double(), catalogue.double()


def untrained(predictor: Predictor, record: TrainingRecord, vocabulary: Path) -> Predictor:
    """Return a predictor with its method's weights as drawn, before any warm start."""
    method = _build(record, predictor.catalogue, read_json(vocabulary, Vocabulary))
    return replace(predictor, method=method.double())


def _build(record: TrainingRecord, catalogue: Catalogue, vocabulary: Vocabulary) -> Method:
    problem = make_problem(vocabulary, catalogue, record.task, record.network)
    return build_method(parse_method(record.settings), problem, record.seed)


def predict_users(predictor: Predictor) -> pl.DataFrame:
    """Predict every query row, in the columns of `pipeline_lib.schemas.results.PREDICTIONS`."""
    test = predictor.test
    score, diagnostics = predict_fold(predictor.method, test, predictor.catalogue)
    _, owner, _ = test.query.users.take(torch.arange(len(test)))
    rate = diagnostics.get(INNER_LR, score.new_full((len(test),), torch.nan))
    return predictor.users[owner.numpy()].select(
        "user",
        predictor.items[test.query.item.numpy()],
        "group",
        _floats("target", test.query.target),
        _floats("score", score),
        _floats(INNER_LR, rate[owner]).fill_nan(None),
    )


def predict_by_support(predictor: Predictor, predictions: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Predict query rows from at most 0, 1, 2, 4, 8 and 16 support rows of each user.

    predictions: of all users, from all their support rows; those of the users chosen are the rows
    whose `support_rows` is null. Every user's fewer rows are among the more. Returns the columns
    of `pipeline_lib.schemas.results.SUPPORT_PREDICTIONS`.
    """
    few = predictor.of_some(seed)
    ranks = draw_ranks(
        few.test.support, few.users["user"], few.items, derive_seed(seed, "support rows")
    )
    chosen = pl.col("user").is_in(few.users["user"].implode())
    limit = pl.lit(None, pl.Int64).alias("support_rows")
    from_all = predictions.filter(chosen).select("user", "item", "group", "target", limit, "score")
    tables = [from_all]
    for most in LIMITS:
        limited = limit_support(few.test, ranks, most)
        score, _ = predict_fold(few.method, limited, few.catalogue)
        limit = pl.lit(most, pl.Int64).alias("support_rows")
        tables.append(from_all.with_columns(limit, _floats("score", score)))
    return pl.concat(tables)


def _floats(name: str, values: Tensor) -> pl.Series:
    return pl.Series(name, values.float().double().cpu().numpy())
