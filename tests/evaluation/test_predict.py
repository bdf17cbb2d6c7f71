"""Predictions from files: whose, of what, and from how many support rows."""

import copy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from torch import Tensor

from pipeline_lib.data.encode.vocabulary import Scale, Vocabulary
from pipeline_lib.episodes.batch import take_batch
from pipeline_lib.episodes.format import Episodes
from pipeline_lib.episodes.subsets import take_users
from pipeline_lib.evaluation.predict import (
    LIMITS,
    MOST_USERS,
    Predictor,
    load_predictor,
    predict_by_support,
    predict_users,
    untrained,
)
from pipeline_lib.methods.base import Method, build_method
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.methods.predict import predict_fold
from pipeline_lib.schemas.results import PREDICTIONS, SUPPORT_PREDICTIONS
from pipeline_lib.storage.tables import write_json, write_table
from pipeline_lib.storage.tensors import write_tensors
from pipeline_lib.training.record import TrainingRecord
from tests.methods.world import (
    CATALOGUE,
    ITEMS,
    RATINGS,
    World,
    make_episodes,
    read_settings,
    take_all,
    train,
)

USERS = [f"u{number:04}" for number in range(2100)]
NAMES = pl.Series("item", [f"i{ITEMS - number}" for number in range(ITEMS)])
SIDE: dict[str, list[str] | Scale] = {
    "f": list("abcd"),
    "g": list("pqrs"),
    "number": Scale(mean=0, sd=1),
}


def own_items(episodes: Episodes) -> Episodes:
    """The same users with query items that no user has twice, as a log has them."""
    _, _, rank = episodes.query.users.take(torch.arange(len(episodes)))
    return replace(episodes, query=replace(episodes.query, item=rank))


def predictor(kind: str, users: int) -> Predictor:
    """A method trained for a moment, and as many test users."""
    test = own_items(make_episodes(users, ITEMS, seed=50))
    groups = [("major", "minor")[number % 2] for number in range(users)]
    people = pl.DataFrame({"user": USERS[:users], "group": groups})
    return Predictor(kind, train_little(kind), CATALOGUE, test, people, NAMES)


def train_little(kind: str, world: World = RATINGS) -> Method:
    changes: dict[str, Any] = {} if kind in {"two-bias", "user-mean"} else {"epochs": 2}
    return train(kind, world, **changes)[0]


def write_files(folder: Path, method: Method, test: Episodes) -> dict[str, Path]:
    files = {name: folder / name for name in ("test", "catalogue", "vocabulary", "weights")}
    test.save(files["test"])
    CATALOGUE.save(files["catalogue"])
    write_json(Vocabulary(user=SIDE, item=SIDE), files["vocabulary"])
    write_tensors(method.state_dict(), files["weights"])
    return files


def make_record(kind: str, world: World) -> TrainingRecord:
    problem, settings = world.problem, read_settings(kind)
    return TrainingRecord(
        experiment="sample/movielens",
        started=datetime(2021, 2, 3, tzinfo=UTC),
        dataset="toy",
        method="own-name",
        seed=7,
        settings=settings.model_dump(mode="json"),
        task=problem.task,
        network=problem.network,
        device="cpu",
        threads=1,
        processes=1,
        code="c0de",
        environment={},
        split_sha256="f00d",
        parameters=0,
        best_epoch=None,
        validation_loss=0.0,
        seconds=0.0,
        hardware="Fast CPU",
        peak_bytes=500_000_000,
    )


@pytest.mark.usefixtures("_undone")
class TestLoading:
    def test_before_its_training_a_method_has_the_weights_that_training_began_with(
        self, tmp_path: Path
    ) -> None:
        world = World("rating")
        method, test = train_little("paml", world), own_items(world.test)
        files, record = write_files(tmp_path, method, test), make_record("paml", world)
        people = pl.DataFrame({"user": USERS[: len(test)], "group": "major"})
        trained = load_predictor(record, files, people, NAMES.to_frame())
        before = untrained(trained, record, files["vocabulary"]).method.state_dict()
        first = build_method(read_settings("paml"), world.problem, record.seed).double()
        torch.testing.assert_close(before, first.state_dict(), rtol=0, atol=0)
        name = next(iter(before))
        assert not torch.equal(before[name], trained.method.state_dict()[name])

    @pytest.mark.parametrize(
        ("kind", "task"),
        [
            ("paml", "rating"),
            ("at-paml", "click"),
            ("meta-sgd", "rating"),
            ("user-mean", "click"),
            pytest.param("paml", "click", marks=pytest.mark.slow),
            pytest.param("at-paml", "rating", marks=pytest.mark.slow),
            pytest.param("meta-sgd", "click", marks=pytest.mark.slow),
            pytest.param("user-mean", "rating", marks=pytest.mark.slow),
        ],
    )
    def test_from_files_the_method_predicts_what_it_did(
        self, kind: str, task: str, tmp_path: Path
    ) -> None:
        world = World(task)
        method, test = train_little(kind, world), own_items(world.test)
        # Every third user of the split is a test user.
        test = replace(test, user=3 * torch.arange(len(test)))
        split = pl.DataFrame({"user": USERS[: 3 * len(test)]}).with_columns(
            group=pl.when(pl.col("user") < "u0030").then(pl.lit("major")).otherwise(pl.lit("minor"))
        )
        split = split.sort("user", descending=True)
        files = write_files(tmp_path, method, test)
        loaded = load_predictor(make_record(kind, world), files, split, NAMES.to_frame())
        assert loaded.name == "own-name"
        found = predict_users(loaded)
        write_table(found, PREDICTIONS, tmp_path / "predictions.parquet")
        precise = (copy.deepcopy(method).double(), test.double(), CATALOGUE.double())
        score, diagnostics = predict_fold(*precise)
        score = score.float()
        torch.testing.assert_close(score, predict_fold(method, test, CATALOGUE)[0])
        _, owner, _ = test.query.users.take(torch.arange(len(test)))
        assert found["user"].to_list() == [USERS[3 * user] for user in owner]
        assert found["group"].to_list() == [("major", "minor")[int(3 * u >= 30)] for u in owner]
        assert found["item"].to_list() == NAMES[test.query.item.numpy()].to_list()
        assert found["target"].to_list() == test.query.target.tolist()
        assert found["score"].to_list() == score.tolist()
        rates: list[float | None] = [None] * len(owner)
        if "inner_lr" in diagnostics:
            rates = [*diagnostics["inner_lr"].float()[owner].tolist()]
        assert found["inner_lr"].to_list() == rates


def scores(table: pl.DataFrame, limit: int | None) -> Tensor:
    rows = table.filter(pl.col("support_rows").eq_missing(limit))
    return torch.tensor(rows["score"].to_list())


class TestSupport:
    @pytest.mark.parametrize("kind", ["paml", "at-paml", "two-bias", "user-mean"])
    def test_the_table_has_every_query_row_at_every_limit(self, kind: str, tmp_path: Path) -> None:
        few = predictor(kind, 23)
        predictions = predict_users(few)
        table = predict_by_support(few, predictions, 0)
        write_table(table, SUPPORT_PREDICTIONS, tmp_path / "predictions.parquet")
        key = ["user", "item", "group", "target"]
        for limit in (None, *LIMITS):
            rows = table.filter(pl.col("support_rows").eq_missing(limit))
            assert rows.select(key).equals(predictions.select(key))
        assert table.height == predictions.height * (1 + len(LIMITS))
        assert scores(table, None).tolist() == predictions["score"].to_list()

    def test_no_rows_are_the_unadapted_network(self) -> None:
        few = predictor("paml", 23)
        table = predict_by_support(few, predict_users(few), 0)
        assert isinstance(few.method, AdaptiveLearner)
        batch, network = take_all(few.test), few.method.network
        with torch.no_grad():
            unadapted = few.method.head.score(network(network.embed(batch), batch.query))
        actual = scores(table, 0)[batch.query.position]
        torch.testing.assert_close(actual, unadapted, rtol=1e-6, atol=1e-6)

    def test_more_rows_than_anybody_has_are_all(self) -> None:
        few = predictor("paml", 23)
        assert int(few.test.support.users.lengths(torch.arange(23)).max()) == 7
        table = predict_by_support(few, predict_users(few), 0)
        for limit in (8, 16):
            torch.testing.assert_close(scores(table, limit), scores(table, None))

    def test_each_limit_moves_the_users_who_have_more_and_no_others(self) -> None:
        few = predictor("paml", 23)
        table = predict_by_support(few, predict_users(few), 0)
        _, owner, _ = few.test.query.users.take(torch.arange(23))
        own = few.test.support.users.lengths(torch.arange(23))[owner]
        for limit in LIMITS[:4]:
            moved = (scores(table, limit) - scores(table, None)).abs() > 1e-6
            assert torch.equal(moved, own > limit)

    def test_the_mean_of_the_rows_kept_is_the_user_means_score(self) -> None:
        """From one row it is that row's rating, which is among those that two rows average."""
        few = predictor("user-mean", 23)
        table = predict_by_support(few, predict_users(few), 0)
        _, owner, _ = few.test.query.users.take(torch.arange(23))
        one, two = scores(table, 1), scores(table, 2)
        offsets = few.test.support.users.offsets.tolist()
        for place, user in enumerate(owner.tolist()):
            own = few.test.support.target[offsets[user] : offsets[user + 1]].tolist()
            assert any(float(one[place]) == pytest.approx(rating) for rating in own)
            pairs = [(float(one[place]) + rating) / 2 for rating in own]
            assert any(float(two[place]) == pytest.approx(mean, rel=1e-5) for mean in pairs)

    def test_the_seed_chooses_the_rows(self) -> None:
        """From one row the user mean is that row's rating."""
        few = predictor("user-mean", 23)
        first, again, other = (
            predict_by_support(few, predict_users(few), seed) for seed in (0, 0, 1)
        )
        assert first.equals(again)
        assert not torch.equal(scores(other, 1), scores(first, 1))
        for limit in (None, 0, 8):
            torch.testing.assert_close(scores(other, limit), scores(first, limit))


class TestManyUsers:
    def test_at_most_2000_users_are_in_the_table_the_same_at_every_limit(self) -> None:
        many = predictor("two-bias", 2100)
        predictions = predict_users(many)
        table = predict_by_support(many, predictions, 0)
        assert predictions["user"].n_unique() == 2100
        assert table["user"].n_unique() == MOST_USERS == 2000
        users = {limit: rows["user"].unique().sort() for limit, rows in by_limit(table).items()}
        assert all(found.equals(users[None]) for found in users.values())
        other = predict_by_support(many, predictions, 1)
        assert not other["user"].unique().sort().equals(users[None])

    def test_their_predictions_are_their_own(self) -> None:
        many = predictor("user-mean", 2100)
        table = predict_by_support(many, predict_users(many), 0)
        one = by_limit(table)[16]
        for user in one["user"].unique().sort()[:20]:
            place = torch.tensor([USERS.index(user)])
            alone = take_users(many.test, place)
            mean = float(alone.support.target.mean())
            rows = one.filter(pl.col("user") == user)
            assert rows["score"].to_list() == pytest.approx([mean] * rows.height, rel=1e-5)
            batch = take_batch(many.test, CATALOGUE, place)
            assert rows["target"].to_list() == batch.query.target.tolist()


def by_limit(table: pl.DataFrame) -> dict[int | None, pl.DataFrame]:
    return {limit: rows for (limit,), rows in table.group_by("support_rows")}
