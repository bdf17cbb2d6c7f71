"""Compare the methods of a dataset: over seeds, between groups, with the best baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from pydantic import BaseModel
from scipy.stats import ttest_ind

from pipeline_lib.evaluation import METRICS, USER_ERROR, Evaluation
from pipeline_lib.settings.methods.base import MethodSettings
from pipeline_lib.settings.task import Task


class Statistic(BaseModel):
    """A metric over seeds; sd is the sample standard deviation, None for a single seed.

    baseline_p: two-tailed t-test of the seeds' values against the best baseline's; None for that
    baseline, for references and where either has fewer than two seeds or no spread.
    """

    values: list[float]
    mean: float
    sd: float | None
    baseline_p: float | None = None


class MethodResult(BaseModel):
    """One method over its seeds.

    group_p: two-tailed t-test between major and minor users' errors, MSE or NEL, each user's
    averaged over seeds (Yu et al. 2021, Table 4).
    """

    name: str
    label: str
    role: str
    seeds: list[int]
    metrics: dict[str, Statistic]
    group_p: float | None


class Comparison(BaseModel):
    """All methods of a dataset on the same test users. baselines: the best one by metric."""

    dataset: str
    title: str
    sample: bool
    task: Task
    split_sha256: str
    test_users: int
    ranked_users: int | None
    users_by_group: dict[str, int]
    baselines: dict[str, str]
    methods: list[MethodResult]


@dataclass(frozen=True)
class Trial:
    """One evaluated training: its record and its users' metrics."""

    evaluation: Evaluation
    users: pl.DataFrame


def higher_is_better(metric: str) -> bool:
    """Tell whether larger values of a metric are better."""
    return metric.startswith(("ndcg", "auc"))


def compare(
    dataset: str,
    title: str,
    sample: bool,
    methods: dict[str, MethodSettings],
    trials: Sequence[Trial],
) -> Comparison:
    """Compare methods; raise ValueError when one has no trial, or tasks, splits or users differ."""
    _check(dataset, methods, trials)
    first, users = trials[0].evaluation, trials[0].users
    metrics = METRICS[first.task.kind]
    results = [
        _result(name, settings, [t for t in trials if t.evaluation.method == name])
        for name, settings in methods.items()
    ]
    baselines = {m: best.name for m in metrics if (best := _best_baseline(results, m))}
    return Comparison(
        dataset=dataset,
        title=title,
        sample=sample,
        task=first.task,
        split_sha256=first.split_sha256,
        test_users=first.users,
        ranked_users=first.ranked_users,
        users_by_group=dict(users["group"].value_counts(sort=True).iter_rows()),
        baselines=baselines,
        methods=[_against(result, results, baselines) for result in results],
    )


def _check(dataset: str, methods: dict[str, MethodSettings], trials: Sequence[Trial]) -> None:
    missing = methods.keys() - {t.evaluation.method for t in trials}
    if missing:
        raise ValueError(f"{dataset}: no result of {', '.join(sorted(missing))}")
    if any(not t.users["user"].equals(trials[0].users["user"]) for t in trials):
        raise ValueError(f"{dataset}: results of different test users cannot be compared")
    for what, found in (
        ("splits", {t.evaluation.split_sha256 for t in trials}),
        ("tasks", {t.evaluation.task for t in trials}),
    ):
        if len(found) != 1:
            raise ValueError(
                f"{dataset}: results of {len(found)} different {what} cannot be compared"
            )


def _result(name: str, settings: MethodSettings, trials: Sequence[Trial]) -> MethodResult:
    evaluations = [t.evaluation for t in trials]
    kind = evaluations[0].task.kind
    return MethodResult(
        name=name,
        label=settings.label or name,
        role=settings.role,
        seeds=[e.seed for e in evaluations],
        metrics={
            metric: _statistic([e.metrics[metric] for e in evaluations])
            for metric in METRICS[kind]
            if all(metric in e.metrics for e in evaluations)
        },
        group_p=_group_p(pl.concat(t.users for t in trials), USER_ERROR[kind]),
    )


def _statistic(values: list[float]) -> Statistic:
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Statistic(values=values, mean=float(np.mean(values)), sd=sd)


def _group_p(users: pl.DataFrame, error: str) -> float | None:
    means = users.group_by("user", "group", maintain_order=True).agg(pl.col(error).mean())
    major, minor = (means.filter(pl.col("group") == g)[error] for g in ("major", "minor"))
    return _t_test(major.to_list(), minor.to_list())


def _t_test(left: Sequence[float], right: Sequence[float]) -> float | None:
    if min(len(left), len(right)) < 2 or _constant(left) or _constant(right):
        return None
    return float(ttest_ind(left, right).pvalue)


def _constant(values: Sequence[float]) -> bool:
    return bool(np.ptp(values) <= 1e-9 * np.max(np.abs(values)))


def _best_baseline(results: Sequence[MethodResult], metric: str) -> MethodResult | None:
    baselines = [r for r in results if r.role == "baseline" and metric in r.metrics]
    sign = -1 if higher_is_better(metric) else 1
    return min(baselines, key=lambda r: sign * r.metrics[metric].mean, default=None)


def _against(
    result: MethodResult, results: Sequence[MethodResult], baselines: dict[str, str]
) -> MethodResult:
    by_name = {r.name: r for r in results}
    tested = {}
    for metric, statistic in result.metrics.items():
        best = baselines.get(metric)
        p = None
        if best not in (None, result.name) and result.role != "reference":
            p = _t_test(statistic.values, by_name[best].metrics[metric].values)
        tested[metric] = statistic.model_copy(update={"baseline_p": p})
    return result.model_copy(update={"metrics": tested})
