"""Split a log in memory, and train methods on it, without files or a workflow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline_lib.api.frames import check_frames
from pipeline_lib.api.results import Results
from pipeline_lib.api.trained import TrainedMethod
from pipeline_lib.data.encode.split import EncodedSplit, encode_split
from pipeline_lib.data.encode.tables import CleanTables
from pipeline_lib.evaluation.predict import Predictor, predict_users
from pipeline_lib.methods.base import Method, build_method, make_problem
from pipeline_lib.metrics.users import user_metrics
from pipeline_lib.partition.split import Split, partition
from pipeline_lib.settings.methods.base import parse_method
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.partition import Partition
from pipeline_lib.settings.task import Task
from pipeline_lib.training.fit import Folds, fit

SMALL = Network(embedding_size=16, embedding_std=0.1, hidden=(64, 32))  # that of the default run


@dataclass(frozen=True)
class LearnableSplit:
    """A log's split, and the same as tensors."""

    task: Task
    split: Split
    encoded: EncodedSplit

    @property
    def groups(self) -> pl.DataFrame:
        """Return `user` and `group`, sorted by user."""
        return self.split.users.sort("user").select("user", "group")


def make_split(
    interactions: pl.DataFrame,
    users: pl.DataFrame | None = None,
    items: pl.DataFrame | None = None,
    *,
    task: Task,
    partition_rules: Partition | None = None,
    seed: int = 0,
) -> LearnableSplit:
    """Choose cold users; split them into folds, support and query; encode all.

    interactions: `user`, `item`, `target`, and `time` where the rules go by it. users, items:
    `user` or `item` and a column a feature: texts, lists of texts or numbers, null where unknown.
    partition_rules: the paper's if None; with fewer than three user features, a major user has a
    common value in all of them.
    Raises ValueError where a frame is wrong, PartitionError where users are too few.
    """
    frames = check_frames(interactions, users, items, task)
    features = frames.group_features
    rules = partition_rules or Partition(major_features=max(1, min(3, len(features))))
    split = partition(frames.users, frames.interactions.lazy(), features, rules, seed)
    events = pl.LazyFrame(schema={"user": pl.String, "hits": pl.Int64, "trials": pl.Int64})
    rows = split.interactions.lazy()
    tables = CleanTables(frames.users, frames.items, events, split.users, rows)
    return LearnableSplit(task, split, encode_split(tables, frames.item_features))


def train(
    settings: Mapping[str, Any], split: LearnableSplit, *, network: Network = SMALL, seed: int = 0
) -> tuple[TrainedMethod, Results]:
    """Train a method on the CPU, and judge it on the split's test users.

    settings: as in `config/methods/<name>.yaml`, without `extends`. network: of a learner. Raises
    SettingsError where settings are wrong, TrainingError where losses stop being sound numbers.
    """
    own, encoded = parse_method(settings), split.encoded
    folds = encoded.folds
    problem = make_problem(encoded.vocabulary, encoded.catalogue, split.task, network)
    method = build_method(own, problem, seed)
    groups = encoded.validation_users["group"]
    data = Folds(folds["train"], folds["validation"], encoded.catalogue, split.task, groups)
    fit(method, own, data, seed, lambda _: None)
    name = own.label or own.kind
    trained = TrainedMethod(
        name,
        own.for_training(),
        split.task,
        method.double(),
        encoded.catalogue.double(),
        encoded.vocabulary,
        encoded.items["item"],
    )
    return trained, _judge(name, method, split, seed)


def _judge(name: str, method: Method, split: LearnableSplit, seed: int) -> Results:
    test, encoded = split.encoded.folds["test"].double(), split.encoded
    users, items = split.groups[test.user.numpy()], encoded.items["item"]
    predictor = Predictor(name, method, encoded.catalogue.double(), test, users, items)
    predictions = predict_users(predictor)
    of_users = user_metrics(predictions, split.task)
    tables = [
        frame.select(pl.lit(seed, pl.Int64).alias("seed"), pl.all())
        for frame in (predictions, of_users)
    ]
    return Results(name, split.task, split.split.summary.sha256, tables[0], tables[1])
