"""Compare the methods of a dataset: over seeds, between groups, with one another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline_lib.evaluation.comparison import (
    PAML,
    Comparison,
    Gap,
    MethodResult,
    RateGap,
    Statistic,
    Subject,
    best_method,
)
from pipeline_lib.evaluation.evaluate import Evaluation, Moments
from pipeline_lib.evaluation.statistics import effect_of_moments, independent_p
from pipeline_lib.evaluation.stopped import part_stopped
from pipeline_lib.evaluation.users import UserMeans
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import metrics_of
from pipeline_lib.schemas.columns import GROUPS
from pipeline_lib.settings.methods.base import MethodSettings, Role

UNTESTED: tuple[Role, ...] = ("reference", "rival")  # against baselines over seeds


@dataclass(frozen=True)
class EvaluatedTrial:
    """One evaluated training: its record and its users' metrics."""

    evaluation: Evaluation
    users: pl.DataFrame


def compare(
    subject: Subject,
    methods: dict[str, MethodSettings],
    trials: Sequence[EvaluatedTrial],
    outer_rates: Mapping[str, float],
) -> Comparison:
    """Compare methods; raise ValueError when one has no trial, or what they were judged on differs.

    Methods of which a training was stopped are named and left out; raises NoMethodLeftError where
    none is left. outer_rates: of methods that the run has at several, all else alike.
    """
    named = ((f"seed {t.evaluation.seed}", t.evaluation) for t in trials)
    methods, stopped = part_stopped(subject.dataset, methods, named)
    trials = [t for t in trials if t.evaluation.method in methods]
    _check(subject.dataset, methods, trials)
    first = trials[0].evaluation
    metrics = metrics_of(first.task.kind, first.chosen_metrics)
    own = {name: [t for t in trials if t.evaluation.method == name] for name in methods}
    over_users = UserMeans(
        first.task.kind, {name: [t.users for t in o] for name, o in own.items()}, first.split_sha256
    )
    gaps = over_users.gaps()
    results = [
        _result(name, methods[name], own[name], metrics, over_users, gaps[name]) for name in methods
    ]
    baselines = _best(results, "baseline", metrics)
    return Comparison(
        **subject.model_copy(update={"stopped": stopped}).model_dump(),
        task=first.task,
        split_sha256=first.split_sha256,
        test_users=first.users,
        ranked_users=first.ranked_users,
        short_users=first.short_users,
        users_by_group=dict(trials[0].users["group"].value_counts(sort=True).iter_rows()),
        baselines=baselines,
        references=_best(results, "reference", metrics),
        one_score=first.one_score,
        methods=[_against(result, results, baselines) for result in results],
        outer_rates=dict(outer_rates),
        chosen_metrics=first.chosen_metrics,
        pairs=over_users.pairs(),
    )


def _check(
    dataset: str, methods: dict[str, MethodSettings], trials: Sequence[EvaluatedTrial]
) -> None:
    missing = methods.keys() - {t.evaluation.method for t in trials}
    if missing:
        raise ValueError(f"{dataset}: no result of {', '.join(sorted(missing))}")
    if any(not t.users["user"].equals(trials[0].users["user"]) for t in trials):
        raise ValueError(f"{dataset}: results of different test users cannot be compared")
    for what, found in (
        ("splits", {t.evaluation.split_sha256 for t in trials}),
        ("tasks", {t.evaluation.task for t in trials}),
        ("choices of metrics", {tuple(t.evaluation.chosen_metrics) for t in trials}),
    ):
        if len(found) != 1:
            raise ValueError(
                f"{dataset}: results of {len(found)} different {what} cannot be compared"
            )


def _result(
    name: str,
    settings: MethodSettings,
    trials: Sequence[EvaluatedTrial],
    metrics: Iterable[str],
    over_users: UserMeans,
    gap: Gap | None,
) -> MethodResult:
    evaluations = [t.evaluation for t in trials]
    return MethodResult(
        name=name,
        label=settings.label or name,
        kind=settings.kind,
        role=settings.role,
        seeds=[e.seed for e in evaluations],
        constant_users=max(e.constant_users for e in evaluations),
        metrics={
            metric: _statistic(evaluations, metric, over_users.interval(name, metric))
            for metric in metrics
            if all(metric in e.metrics for e in evaluations)
        },
        gap=gap,
        spread=over_users.spread(name),
        rate_gaps=[*filter(None, (_rate_gap(e.rates) for e in evaluations))],
    )


def _rate_gap(rates: Mapping[str, Moments]) -> RateGap | None:
    if rates.keys() != set(GROUPS):
        return None
    major, minor = (rates[group] for group in GROUPS)
    effect = effect_of_moments(
        (major.users, minor.users), (major.mean, minor.mean), (major.sd, minor.sd)
    )
    return RateGap(major=major.mean, minor=minor.mean, effect=effect)


def _statistic(
    evaluations: Sequence[Evaluation], metric: str, interval: tuple[float, float] | None
) -> Statistic:
    values = [e.metrics[metric] for e in evaluations]
    low, high = interval or (None, None)
    return Statistic(
        values=values,
        mean=float(np.mean(values)),
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        users=evaluations[0].counted[metric],
        low=low,
        high=high,
    )


def _best(
    results: Sequence[MethodResult], role: str, metrics: Mapping[str, Metric]
) -> dict[str, str]:
    own = [result for result in results if result.role == role]
    best = {name: best_method(own, metric) for name, metric in metrics.items()}
    return {metric: method.name for metric, method in best.items() if method}


def _against(
    result: MethodResult, results: Sequence[MethodResult], baselines: dict[str, str]
) -> MethodResult:
    by_name = {r.name: r for r in results}
    tested = {
        metric: statistic.model_copy(
            update={
                "baseline_p": _p(result, by_name.get(baselines.get(metric, "")), metric),
                "paml_p": _p(result, by_name.get(PAML), metric),
            }
        )
        for metric, statistic in result.metrics.items()
    }
    return result.model_copy(update={"metrics": tested})


def _p(result: MethodResult, rival: MethodResult | None, metric: str) -> float | None:
    if rival is None or rival.name == result.name or result.role in UNTESTED:
        return None
    if metric not in rival.metrics:
        return None
    return independent_p(*(np.array(m.metrics[metric].values) for m in (result, rival)))
