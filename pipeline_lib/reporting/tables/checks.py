"""The paper's claims on users, rates and embeddings, each held against a run in a sentence."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import mean

from scipy.stats import spearmanr

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import metric_for
from pipeline_lib.reporting.tables.table import MINUS
from pipeline_lib.training.record import TrainingRecord

FEWEST = 3  # trainings that a correlation is computed of
UNCLEAR = 0.3  # a correlation of a smaller size answers no claim
AT, REG, LARGER = "at-paml", "reg-paml", "reg-paml-1e-2"
D = "the size of d"
Separation = Sequence[Mapping[str, object]]  # rows of the table


def check_claims(
    comparison: Comparison, trainings: Sequence[TrainingRecord], separation: Separation
) -> list[str]:
    """Return a sentence on each claim: whether it holds here and why, or what it lacks."""
    error = metric_for("error", comparison.task.kind)
    methods = {method.name: method for method in comparison.methods}
    return [
        _fewer_outliers(methods),
        _lower_quartiles(methods, error),
        _closer_rates(methods.values(), error),
        _larger_gamma(methods, trainings),
        _told_apart(separation, comparison.by_activity),
        _smaller_deviation(methods, error),
    ]


def mean_effect(method: MethodResult) -> float | None:
    """Return the mean of Cohen's d between the groups' rates; None where no seed has one."""
    effects = [gap.effect for gap in method.rate_gaps if gap.effect is not None]
    return mean(effects) if effects else None


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Compute Spearman's correlation; None of few pairs, or where one side is all alike."""
    sides = [*zip(*pairs, strict=True)]
    if len(pairs) < FEWEST or any(len({*side}) == 1 for side in sides):
        return None
    return float(spearmanr(*sides).statistic)


def _verdict(claim: str, evidence: str, *, holds: bool | None) -> str:
    """Return a claim's sentence; holds: None where the evidence gives no clear answer."""
    answer = {True: "so it is here", False: "not so here", None: "no clear answer here"}[holds]
    return f"{claim}: {answer}, {evidence}."


def _lacks(claim: str, *names: str) -> str:
    return f"{claim}: cannot be said without {', '.join(names)}."


def _not_run(methods: Mapping[str, MethodResult], *names: str) -> list[str]:
    """Return those of the names that were not run, and a baseline where none was."""
    lacking = [name for name in names if name not in methods]
    return lacking if _baselines(methods) else [*lacking, "a baseline"]


def _baselines(methods: Mapping[str, MethodResult]) -> list[MethodResult]:
    return [method for method in methods.values() if method.role == "baseline"]


def _fewer_outliers(methods: Mapping[str, MethodResult]) -> str:
    claim = "REG-PAML has fewer outliers than every baseline"
    if lacking := _not_run(methods, REG):
        return _lacks(claim, *lacking)
    counts = {m.label: m.spread.outliers for m in (methods[REG], *_baselines(methods))}
    own, *others = counts.values()
    shown = ", ".join(f"{label} {count:,}" for label, count in counts.items())
    return _verdict(claim, shown, holds=own < min(others))


def _lower_quartiles(methods: Mapping[str, MethodResult], error: Metric) -> str:
    claim = f"AT-PAML and REG-PAML have a lower upper quartile of {error.label} than every baseline"
    if lacking := _not_run(methods, AT, REG):
        return _lacks(claim, *lacking)
    own, others = [methods[AT], methods[REG]], _baselines(methods)
    shown = ", ".join(f"{m.label} {m.spread.high:.{error.digits}f}" for m in (*own, *others))
    highest, lowest = max(m.spread.high for m in own), min(m.spread.high for m in others)
    return _verdict(claim, shown, holds=highest < lowest)


def _closer_rates(methods: Iterable[MethodResult], error: Metric) -> str:
    claim = f"The closer the groups' rates, the higher the {error.label}"
    pairs = [pair for method in methods for pair in _trainings(method, error)]
    found = rank_correlation(pairs)
    if found is None:
        return _lacks(claim, f"{FEWEST} trainings whose rates differ between users")
    shown = (
        f"{_signed(found)} is the rank correlation of {D} and {error.label} "
        f"over {len(pairs)} trainings, of all variants and seeds"
    )
    return _verdict(claim, shown, holds=None if abs(found) < UNCLEAR else found < 0)


def _trainings(method: MethodResult, error: Metric) -> Iterator[tuple[float, float]]:
    if method.rate_gaps:
        values = method.metrics[error.name].values
        for gap, value in zip(method.rate_gaps, values, strict=True):
            if gap.effect is not None:
                yield abs(gap.effect), value


def _larger_gamma(methods: Mapping[str, MethodResult], trainings: Sequence[TrainingRecord]) -> str:
    """Compare the trainings whose settings and network are REG-PAML's but for γ."""
    claim = "A larger γ parts the groups' rates more"
    regularised = [t for t in trainings if "gamma" in t.settings]
    all_else = {t.method: (t.settings | {"gamma": 0}, t.network) for t in regularised}
    gammas = {
        t.method: float(t.settings["gamma"])
        for t in regularised
        if all_else[t.method] == all_else.get(REG)
    }
    means = sorted(
        (gamma, abs(effect))
        for name, gamma in gammas.items()
        if name in methods and (effect := mean_effect(methods[name])) is not None
    )
    if len({gamma for gamma, _ in means}) < 2:
        return _lacks(claim, "REG-PAML with two values of γ")
    shown = "; ".join(f"γ = {gamma:g}: {D} {effect:.2f}" for gamma, effect in means)
    effects = [effect for _, effect in means]
    return _verdict(claim, shown, holds=effects == sorted(effects) and effects[0] < effects[-1])


def _told_apart(separation: Separation, by_activity: bool) -> str:
    claim = "Embeddings tell the groups apart"
    sides = [
        [float(str(row[name])) for row in separation if row[name] is not None]
        for name in ("auc", "untrained_auc")
    ]
    if not all(sides):
        return _lacks(claim, "users of both groups" if separation else "a method with embeddings")
    after, before = (" to ".join(dict.fromkeys(_ends(side))) for side in sides)
    why = "" if by_activity else ", as groups follow from the features that are embedded"
    shown = f"with an AUC of {after}; but untrained ones do with {before}{why}"
    return _verdict(claim, shown, holds=min(sides[0]) > 0.5)


def _ends(values: Sequence[float]) -> list[str]:
    return [f"{min(values):.3f}", f"{max(values):.3f}"]


def _smaller_deviation(methods: Mapping[str, MethodResult], error: Metric) -> str:
    claim = f"γ = 1e-3 has a smaller deviation of {error.label} over seeds than γ = 1e-2"
    sds = {n: methods[n].metrics[error.name].sd for n in (REG, LARGER) if n in methods}
    known = {name: sd for name, sd in sds.items() if sd is not None}
    if lacking := [f"several seeds of {name}" for name in (REG, LARGER) if name not in known]:
        return _lacks(claim, *lacking)
    n = error.digits + 1  # deviations are small
    shown = f"{known[REG]:.{n}f} and {known[LARGER]:.{n}f}"
    return _verdict(claim, shown, holds=known[REG] < known[LARGER])


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", MINUS)
