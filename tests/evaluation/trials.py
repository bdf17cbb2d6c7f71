"""Trials as they were judged, of a few methods and users, and their comparison."""

from collections.abc import Sequence

import polars as pl

from pipeline_lib.evaluation.compare import EvaluatedTrial, compare
from pipeline_lib.evaluation.comparison import Comparison, MethodResult, Subject
from pipeline_lib.evaluation.evaluate import Evaluation, Moments
from pipeline_lib.settings.methods.base import MethodSettings
from pipeline_lib.settings.task import ClickTask, RatingTask, Task

RATING, CLICK = RatingTask(scale=(1, 5)), ClickTask()

METHODS = {
    "global-mean": MethodSettings(kind="global-mean", label="Global mean", role="reference"),
    "melu": MethodSettings(kind="melu", label="MeLU", role="baseline"),
    "transfer": MethodSettings(kind="transfer", label="Transfer learning", role="baseline"),
    "paml": MethodSettings(kind="paml", label="PAML", role="proposed"),
}
GROUPS = ["major", "major", "major", "minor", "minor"]
RATES = {
    "major": Moments(users=3, mean=2.0, sd=1.0),
    "minor": Moments(users=2, mean=5.0, sd=2.0),
}
MSE = {
    "global-mean": [1.0],
    "melu": [1.4, 1.5, 1.6],
    "transfer": [1.2, 1.3, 1.7],
    "paml": [1.0, 1.1, 1.2],
}
NDCG = {
    "global-mean": [0.9],
    "melu": [0.81, 0.82, 0.83],
    "transfer": [0.71, 0.72, 0.73],
    "paml": [0.84, 0.85, 0.89],
}


def trial(
    method: str,
    seed: int,
    metrics: dict[str, float],
    errors: Sequence[float] = (1, 2, 3, 4, 5),
    split: str = "5eed",
    task: Task = RATING,
    chosen: Sequence[str] = (),
) -> EvaluatedTrial:
    """Judge a method; its users' chosen metrics are as large as their errors."""
    evaluation = Evaluation(
        method=method,
        seed=seed,
        task=task,
        split_sha256=split,
        users=5,
        ranked_users=4 if task == RATING else None,
        short_users={"ndcg_3": 1, "ndcg_5": 3} if task == RATING else {},
        constant_users=seed,
        counted=dict.fromkeys(metrics, 5),
        metrics=metrics,
        one_score={"ndcg_3": 0.5},
        rates=RATES if method == "paml" else {},
        chosen_metrics=[*chosen],
    )
    error, values = "mse" if task == RATING else "nel", [float(e) for e in errors]
    own = dict.fromkeys((error, *chosen), values)
    return EvaluatedTrial(evaluation, pl.DataFrame({"user": range(5), "group": GROUPS, **own}))


MOVIELENS = Subject(
    dataset="movielens", title="MovieLens-1M", sample=False, of_paper=True, by_activity=False
)


def comparison(trials: Sequence[EvaluatedTrial]) -> Comparison:
    named = {t.evaluation.method for t in trials}
    methods = {name: settings for name, settings in METHODS.items() if name in named}
    return compare(MOVIELENS, methods, trials, {})


def every_trial() -> list[EvaluatedTrial]:
    """Judge every seed of every method."""
    return [
        trial(method, seed, {"mse": mse, "ndcg_3": ndcg})
        for method in METHODS
        for seed, (mse, ndcg) in enumerate(zip(MSE[method], NDCG[method], strict=True))
    ]


def result(compared: Comparison, name: str) -> MethodResult:
    return compared.method(name)


def group_p(compared: Comparison) -> float | None:
    gap = result(compared, "melu").gap
    assert gap is not None
    return gap.p
