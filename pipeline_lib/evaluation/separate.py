"""How well a linear classifier tells users' groups by their embeddings."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from pipeline_lib.evaluation.predict import Predictor
from pipeline_lib.evaluation.project import embed
from pipeline_lib.schemas.columns import GROUPS, types
from pipeline_lib.schemas.results import SEPARATION

FOLDS = 5
MOST_ROUNDS = 1000  # of the classifier's optimiser, far more than it takes


def separate(trained: Predictor, untrained: Predictor, seed: int) -> pl.DataFrame:
    """Compute how well a method's embeddings tell groups, after and before its training.

    Of at most 2,000 test users. Returns a row in the columns of
    `pipeline_lib.schemas.results.SEPARATION`. Raises TypeError for a method without embeddings.
    """
    few = trained.of_some(seed)
    is_major = (few.users["group"] == GROUPS[0]).to_numpy()
    with threadpool_limits(1):  # more would sum in any order
        after, before = (
            group_auc(embed(predictor), is_major) for predictor in (few, untrained.of_some(seed))
        )
    row = (trained.name, len(is_major), after, before)
    return pl.DataFrame([row], schema=types(SEPARATION), orient="row")


def group_auc(embeddings: NDArray[np.float64], is_major: NDArray[np.bool_]) -> float | None:
    """Compute the area under the ROC curve of a logistic regression on users it has not seen.

    embeddings: [users, width]; is_major: [users]. The mean over five folds, or as many as the
    smaller group has users; None where that has fewer than two.
    """
    folds = min(FOLDS, int(is_major.sum()), int((~is_major).sum()))
    if folds < 2:
        return None
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=MOST_ROUNDS))
    parts = StratifiedKFold(folds)
    return float(
        np.mean(cross_val_score(classifier, embeddings, is_major, cv=parts, scoring="roc_auc"))
    )
