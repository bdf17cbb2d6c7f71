"""Compare methods over several splits of one log."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline_lib.evaluation.comparison import SplitPair, Subject
from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.evaluation.splits import SplitComparison, SplitResult, SplitStatistic
from pipeline_lib.evaluation.statistics import corrected_t_test, holm, paired_effect, without_noise
from pipeline_lib.evaluation.stopped import part_stopped
from pipeline_lib.metrics.registry import metrics_of
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.settings.methods.base import MethodSettings

Values = NDArray[np.float64]


def compare_splits(
    subject: Subject,
    methods: Mapping[str, MethodSettings],
    splits: Sequence[SplitSummary],
    evaluations: Sequence[Evaluation],
    chosen_on: int,
) -> SplitComparison:
    """Compare methods over splits by the evaluations of all their seeds on each.

    Methods of which a training was stopped are named and left out. Raises NoMethodLeftError where
    none is left, ValueError where a split is there twice, an evaluation is of none of them, or a
    method has no evaluation on one.
    """
    seeds = {split.sha256: split.seed for split in splits}
    named = ((f"split {seeds.get(e.split_sha256)}, seed {e.seed}", e) for e in evaluations)
    methods, stopped = part_stopped(subject.dataset, methods, named)
    evaluations = [e for e in evaluations if e.method in methods]
    _check(subject.dataset, methods, splits, evaluations)
    train, test = ([s.users_by_fold[fold] for s in splits] for fold in ("train", "test"))
    own = {
        name: [
            [e for e in evaluations if (e.method, e.split_sha256) == (name, split.sha256)]
            for split in splits
        ]
        for name in methods
    }
    task, chosen = evaluations[0].task, evaluations[0].chosen_metrics
    metrics = metrics_of(task.kind, chosen)
    results = [_result(name, methods[name], own[name], metrics) for name in methods]
    return SplitComparison(
        **subject.model_copy(update={"stopped": stopped}).model_dump(),
        task=task,
        split_seeds=[split.seed for split in splits],
        chosen_on=chosen_on,
        train_users=train,
        test_users=test,
        methods=results,
        pairs=_pairs(results, sum(test) / sum(train)),
        chosen_metrics=chosen,
    )


def _check(
    dataset: str,
    methods: Mapping[str, MethodSettings],
    splits: Sequence[SplitSummary],
    evaluations: Sequence[Evaluation],
) -> None:
    seeds = {split.sha256: split.seed for split in splits}
    if len(seeds) < len(splits):
        raise ValueError(f"{dataset}: two of {len(splits)} split seeds give the same split")
    found = {(e.method, e.split_sha256) for e in evaluations}
    if strange := sorted((m, s) for m, s in found if s not in seeds):
        raise ValueError(f"{dataset}: {strange[0][0]} was judged on split {strange[0][1]}")
    due = ((method, sha256) for method in methods for sha256 in seeds)
    if missing := [pair for pair in due if pair not in found]:
        method, sha256 = missing[0]
        raise ValueError(f"{dataset}: no result of {method} on the split of seed {seeds[sha256]}")


def _result(
    name: str,
    settings: MethodSettings,
    trials: Sequence[Sequence[Evaluation]],
    metrics: Iterable[str],
) -> SplitResult:
    return SplitResult(
        name=name,
        label=settings.label or name,
        role=settings.role,
        seeds=[e.seed for e in trials[0]],
        metrics={
            metric: _statistic([[e.metrics[metric] for e in own] for own in trials])
            for metric in metrics
            if all(metric in e.metrics for own in trials for e in own)
        },
    )


def _statistic(by_split: Sequence[Sequence[float]]) -> SplitStatistic:
    """Summarise a metric, [splits, seeds]."""
    values: Values = np.array(by_split, dtype=np.float64)
    means = values.mean(axis=1)
    several = values.shape[1] > 1
    return SplitStatistic(
        values=means.tolist(),
        mean=float(means.mean()),
        sd=float(means.std(ddof=1)),
        seed_sd=float(np.sqrt(values.var(axis=1, ddof=1).mean())) if several else None,
    )


def _pairs(results: Sequence[SplitResult], tested: float) -> list[SplitPair]:
    pairs = []
    for metric in dict.fromkeys(name for result in results for name in result.metrics):
        both = combinations([r for r in results if metric in r.metrics], 2)
        found = [_pair(metric, left, right, tested) for left, right in both]
        for pair, p in zip(found, holm([pair.p for pair in found]), strict=True):
            pairs.append(pair.model_copy(update={"holm_p": p}))
    return pairs


def _pair(metric: str, left: SplitResult, right: SplitResult, tested: float) -> SplitPair:
    sides = [np.array(side.metrics[metric].values) for side in (left, right)]
    differences = without_noise(sides[0] - sides[1], *sides)
    p, low, high = corrected_t_test(differences, tested)
    return SplitPair(
        metric=metric,
        left=left.name,
        right=right.name,
        difference=float(differences.mean()),
        low=low,
        high=high,
        effect=paired_effect(differences),
        p=p,
    )
