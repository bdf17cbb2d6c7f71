"""Lay users out in a plane by their embeddings."""

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from pipeline_lib.episodes.batch import take_batch
from pipeline_lib.evaluation.predict import Predictor
from pipeline_lib.methods.embedded import EmbeddedLearner

FEWEST_USERS = 5
MOST_PERPLEXITY = 30.0
START = 1e-4  # the spread of the first places, as scikit-learn sets it
# Pulled together less at first than by default (12), places settle in half the rounds (1,000), as
# true to who is near whom.
EXAGGERATION, ROUNDS = 8.0, 500

Points = NDArray[np.float64]


def project(predictor: Predictor, seed: int) -> pl.DataFrame:
    """Project the embeddings of at most 2,000 test users by t-SNE (van der Maaten, Hinton 2008).

    Fewer than five users are shown by principal components, and users all alike at the origin.
    Returns the columns of `pipeline_lib.schemas.results.PROJECTION`. Raises TypeError for a
    method without embeddings.
    """
    few = predictor.of_some(seed)
    with threadpool_limits(1):  # more would sum in any order
        points = lay_out(embed(few))
    method = pl.lit(few.name).alias("method")
    x, y = (pl.Series(name, column) for name, column in zip("xy", points.T, strict=True))
    return few.users.select(method, "user", "group", x, y)


def lay_out(embeddings: Points) -> Points:
    """Compute places in a plane, [users, 2], for embeddings, [users, width]; nothing is drawn."""
    plane = _principal_plane(embeddings)
    spread = plane[:, 0].std()
    if len(plane) < FEWEST_USERS or spread == 0:
        return plane
    perplexity = min(MOST_PERPLEXITY, (len(plane) - 1) / 3)
    tsne = TSNE(
        perplexity=perplexity,
        early_exaggeration=EXAGGERATION,
        max_iter=ROUNDS,
        init=plane * (START / spread),
    )
    return np.asarray(tsne.fit_transform(embeddings), dtype=np.float64)


def _principal_plane(embeddings: Points) -> Points:
    """Project on the first two principal components; what is missing is 0."""
    offset = embeddings - embeddings[0]  # exactly 0 where all are alike
    left, size, _ = np.linalg.svd(offset - offset.mean(0), full_matrices=False)
    plane = np.zeros((len(embeddings), 2))
    found = (left * size)[:, :2]
    plane[:, : found.shape[1]] = found
    return plane


@torch.no_grad()
def embed(predictor: Predictor) -> Points:
    """Compute the embeddings of users' profiles, [users, user_width].

    Raises TypeError for a method without embeddings.
    """
    method, test = predictor.method, predictor.test
    if not isinstance(method, EmbeddedLearner):
        raise TypeError(f"{type(method).__name__} has no embeddings")
    batch = take_batch(test, predictor.catalogue, torch.arange(len(test)))
    embedded = method.network.embed(batch).users
    return torch.empty_like(embedded).index_copy(0, batch.users, embedded).double().numpy()
