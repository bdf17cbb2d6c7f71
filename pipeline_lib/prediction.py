"""Score the test users with a trained method."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import torch
from torch import Tensor

from pipeline_lib.data.vocabulary import Vocabulary
from pipeline_lib.episodes import Catalogue, Episodes
from pipeline_lib.methods.build import build_method, make_problem
from pipeline_lib.methods.fold import predict_fold
from pipeline_lib.settings.methods.parse import parse_method
from pipeline_lib.storage import read_json
from pipeline_lib.tensors import read_tensors
from pipeline_lib.training.device import make_repeatable
from pipeline_lib.training.record import TrainingRecord


def predict_users(
    record: TrainingRecord, files: Mapping[str, Path], users: pl.DataFrame, items: pl.DataFrame
) -> pl.DataFrame:
    """Predict every query row of the users in the file `test`.

    files: `test`, `catalogue`, `vocabulary`, `weights`. users: the split's. items: `item`, in
    the catalogue's order. Returns the columns of `pipeline_lib.schemas.results.PREDICTIONS`.
    """
    make_repeatable(record.threads)
    catalogue, test = Catalogue.load(files["catalogue"]), Episodes.load(files["test"])
    problem = make_problem(
        read_json(files["vocabulary"], Vocabulary),
        catalogue,
        record.task,
        record.network,
    )
    method = build_method(parse_method(record.settings), problem, record.seed)
    method.load_state_dict(read_tensors(files["weights"]))
    return _table(*predict_fold(method, test, catalogue), test, users, items)


def _table(
    score: Tensor, inner_lr: Tensor, test: Episodes, users: pl.DataFrame, items: pl.DataFrame
) -> pl.DataFrame:
    _, owner, _ = test.query.users.take(torch.arange(len(test)))
    profiles = users.sort("user")[test.user[owner].numpy()]
    return profiles.select("user", "group").with_columns(
        items["item"].gather(test.query.item.tolist()),
        _floats("target", test.query.target),
        _floats("score", score),
        _floats("inner_lr", inner_lr[owner]).fill_nan(None),
    )


def _floats(name: str, values: Tensor) -> pl.Series:
    return pl.Series(name, values.double().cpu().numpy())
