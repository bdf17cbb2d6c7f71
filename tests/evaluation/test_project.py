"""Users in a plane: where, of whom, and what when there is little to see."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from numpy.typing import NDArray
from sklearn.manifold import TSNE, trustworthiness
from threadpoolctl import threadpool_limits

from pipeline_lib.evaluation.predict import Predictor
from pipeline_lib.evaluation.project import lay_out, project
from pipeline_lib.methods.inner_loop import AdaptiveLearner
from pipeline_lib.schemas.results import PROJECTION
from pipeline_lib.storage.tables import write_table
from tests.methods.world import CATALOGUE, ITEMS, build, make_episodes, take

Points = NDArray[np.float64]


def predictor(kind: str, users: int) -> Predictor:
    names = [f"u{number:04}" for number in range(users)]
    groups = [("major", "minor")[number % 2] for number in range(users)]
    people = pl.DataFrame({"user": names, "group": groups})
    items = pl.Series("item", [f"i{number}" for number in range(ITEMS)])
    test = make_episodes(users, ITEMS, seed=60)
    return Predictor(f"own-{kind}", build(kind), CATALOGUE, test, people, items)


def gauss(*shape: int) -> Points:
    return np.random.default_rng(0).normal(size=shape)


def distances(points: Points) -> Points:
    found: Points = np.linalg.norm(points[:, None] - points[None], axis=2)
    return found


class TestTable:
    @pytest.mark.parametrize("kind", ["paml", "at-paml", "melu", "meta-sgd", "transfer"])
    def test_every_user_has_a_place(self, kind: str, tmp_path: Path) -> None:
        few = predictor(kind, 40)
        table = project(few, 0)
        write_table(table, PROJECTION, tmp_path / "projection.parquet")
        assert table.select("user", "group").equals(few.users)
        assert set(table["method"]) == {f"own-{kind}"}
        assert table.unique(["x", "y"]).height > 20

    def test_twice_it_gives_the_same_bytes(self) -> None:
        few = predictor("paml", 40)
        assert project(few, 0).equals(project(few, 0))

    def test_at_most_2000_users_are_shown(self) -> None:
        few = predictor("paml", 2010)
        some = few.of_some(5)
        assert len(some.test) == 2000
        chosen = few.users.with_row_index().join(some.users, on="user", how="semi")["index"]
        assert torch.equal(some.test.user, few.test.user[chosen.to_list()])

    def test_who_is_far_is_told_by_the_users_own_embeddings(self) -> None:
        """Three points always lie in a plane, so their distances are kept."""
        few = predictor("paml", 3)
        few.test.support.users.offsets[:] = torch.tensor([0, 4, 5, 6])  # the first comes last
        table, method = project(few, 0), few.method
        assert isinstance(method, AdaptiveLearner)
        with torch.no_grad():
            own = [method.network.embed(take(few.test, [user])).users[0] for user in range(3)]
        expected = distances(torch.stack(own).double().numpy())
        np.testing.assert_allclose(distances(table.select("x", "y").to_numpy()), expected, 1e-9)

    def test_a_method_without_embeddings_is_refused(self) -> None:
        with pytest.raises(TypeError, match="TwoBias has no embeddings"):
            project(predictor("two-bias", 9), 0)


class TestLayout:
    @pytest.fixture(autouse=True)
    def _one_thread(self) -> Iterator[None]:
        """As `project` runs it; idle threads would spin on a busy machine."""
        with threadpool_limits(1):
            yield

    def test_clusters_stay_together(self) -> None:
        """Of three clusters twenty deviations apart every user's neighbour is of the same."""
        cluster = np.arange(90) % 3
        points = lay_out(gauss(90, 16) + 20 * np.eye(16)[cluster])
        far = distances(points) + np.diag([np.inf] * 90)
        assert (cluster[far.argmin(1)] == cluster).all()

    def test_places_are_as_true_to_neighbours_as_those_of_twice_the_rounds(self) -> None:
        """Of 120 users along a bent sheet in 16 dimensions, by their ten nearest ones."""
        along, across = gauss(2, 120)
        bent = np.stack([along, across, along**2, along * across, np.sin(2 * across)], axis=1)
        users = bent @ gauss(5, 16) + 0.1 * gauss(120, 16)
        full = TSNE(init="pca").fit_transform(users)
        own, reference = (trustworthiness(users, p, n_neighbors=10) for p in (lay_out(users), full))
        assert own > reference - 0.02

    @pytest.mark.parametrize("users", [2, 3, 4])
    def test_few_users_have_their_principal_components(self, users: int) -> None:
        flat = np.pad(gauss(users, 2), ((0, 0), (0, 5)))
        np.testing.assert_allclose(distances(lay_out(flat)), distances(flat), atol=1e-12)

    @pytest.mark.parametrize("users", [5, 6, 20])
    def test_from_five_users_on_they_have_places(self, users: int) -> None:
        points = lay_out(gauss(users, 16))
        assert points.shape == (users, 2)
        assert np.isfinite(points).all()
        assert len(np.unique(points, axis=0)) == users

    @pytest.mark.parametrize("users", [1, 2, 4, 5, 100])
    def test_users_all_alike_are_at_the_origin(self, users: int) -> None:
        assert not lay_out(np.full((users, 7), 0.1)).any()

    @pytest.mark.parametrize("width", [1, 2])
    @pytest.mark.parametrize("users", [1, 3, 50])
    def test_narrow_embeddings_have_places(self, users: int, width: int) -> None:
        points = lay_out(gauss(users, width))
        assert points.shape == (users, 2)
        assert np.isfinite(points).all()

    def test_many_users_of_few_profiles_have_places(self) -> None:
        """A hundred users of each of three profiles: more than anyone has neighbours."""
        profile = np.arange(300) % 3
        points = lay_out(gauss(3, 16)[profile])
        assert np.isfinite(points).all()
        centres = np.stack([points[profile == k].mean(0) for k in range(3)])
        widest = max(points[profile == k].std(0).max() for k in range(3))
        assert distances(centres)[~np.eye(3, dtype=bool)].min() > 2 * widest

    @pytest.mark.parametrize("scale", [1e-12, 1e6])
    def test_tiny_and_vast_embeddings_have_places(self, scale: float) -> None:
        assert np.isfinite(lay_out(scale * gauss(40, 8))).all()
