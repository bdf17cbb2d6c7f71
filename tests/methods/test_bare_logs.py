"""Every method learns from logs without users' features, and scores users of whom only ratings are
known."""

from collections.abc import Callable
from functools import cache

import pytest

from pipeline_lib.data.encode.split import EncodedSplit, encode_split
from pipeline_lib.data.encode.tables import CleanTables
from pipeline_lib.methods.base import build_method, make_problem
from pipeline_lib.methods.predict import predict_fold
from pipeline_lib.partition.split import partition
from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.methods.base import known_kinds
from pipeline_lib.training.fit import Folds, fit
from tests.conftest import clean_folder
from tests.data.ratings_and_movies import BARE, DATASET, write_ratings_and_movies
from tests.methods.world import LEARNERS, RATINGS, read_settings

LOGS = {"movies": DATASET, "bare": BARE}
SLOW = pytest.mark.slow


Encode = Callable[[str], tuple[Dataset, EncodedSplit]]


@pytest.fixture(scope="module")
def encode_log(tmp_path_factory: pytest.TempPathFactory) -> Encode:
    """Encode ratings with movies, or ratings alone, once."""

    @cache
    def encode(log: str) -> tuple[Dataset, EncodedSplit]:
        folder = tmp_path_factory.mktemp("bare")
        write_ratings_and_movies(folder / "raw")
        dataset = Dataset.model_validate(LOGS[log])
        logs = clean_folder(folder / "raw", dataset, folder / "clean")
        rows = logs.interactions.lazy()
        split = partition(logs.users, rows, dataset.grouping(), dataset.partition, 0)
        tables = CleanTables(
            logs.users, logs.items, logs.events.lazy(), split.users, split.interactions.lazy()
        )
        return dataset, encode_split(tables, dataset.item_features)

    return encode


@pytest.mark.parametrize(
    ("log", "kind"),
    [
        pytest.param(log, kind, marks=() if log == "bare" or kind in ("two-bias", "paml") else SLOW)
        for log in LOGS
        for kind in known_kinds()
    ],
)
def test_every_method_learns_and_scores(encode_log: Encode, log: str, kind: str) -> None:
    dataset, encoded = encode_log(log)
    train, validation, test = (encoded.folds[name] for name in ("train", "validation", "test"))
    groups = encoded.validation_users["group"]
    folds = Folds(train, validation, encoded.catalogue, dataset.task, groups)
    problem = make_problem(
        encoded.vocabulary, encoded.catalogue, dataset.task, RATINGS.problem.network
    )
    settings = read_settings(kind, **({"epochs": 1} if kind in LEARNERS else {}))
    method = build_method(settings, problem, 0)
    fit(method, settings, folds, 0, lambda _: None)
    score, _ = predict_fold(method, test, encoded.catalogue)
    assert len(score) == len(test.query.target) > 0
    assert score.isfinite().all()
