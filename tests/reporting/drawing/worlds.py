"""Results made up for figures: any methods, users and seeds, with chosen values."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pipeline_lib.evaluation.comparison import Comparison, MethodResult, Spread, Statistic
from pipeline_lib.metrics.registry import metric_for
from pipeline_lib.reporting.drawing.plot import has_user_rates, is_learner
from pipeline_lib.reporting.drawing.view import Results
from pipeline_lib.settings.methods.base import MethodSettings, Role
from pipeline_lib.settings.task import ClickTask, RatingTask, Task

RATING, CLICK = RatingTask(scale=(1, 5)), ClickTask()
SIZES = (0, 1, 2, 4, 8, 16, None)


def settings(name: str, label: str, kind: str, role: Role) -> dict[str, MethodSettings]:
    return {name: MethodSettings(kind=kind, label=label, role=role)}


METHODS: dict[str, MethodSettings] = {
    **settings("global-mean", "Global mean", "global-mean", "reference"),
    **settings("user-mean", "User mean", "user-mean", "reference"),
    **settings("item-mean", "Item mean", "item-mean", "reference"),
    **settings("two-bias", "Two-bias model", "two-bias", "reference"),
    **settings("transfer", "Transfer learning", "transfer", "baseline"),
    **settings("melu", "MeLU", "melu", "baseline"),
    **settings("meta-sgd", "Meta-SGD", "meta-sgd", "baseline"),
    **settings("paml", "PAML", "paml", "ablation"),
    **settings("at-paml", "AT-PAML", "at-paml", "proposed"),
    **settings("at-paml-raw", "AT-PAML, raw distance", "at-paml", "ablation"),
    **settings("at-paml-outer-5e-4", "AT-PAML, β = 5e-4", "at-paml", "ablation"),
    **settings("reg-paml-1e-5", "REG-PAML, γ = 1e-5", "reg-paml", "ablation"),
    **settings("reg-paml-1e-4", "REG-PAML, γ = 1e-4", "reg-paml", "ablation"),
    **settings("reg-paml", "REG-PAML", "reg-paml", "proposed"),
    **settings("reg-paml-1e-2", "REG-PAML, γ = 1e-2", "reg-paml", "ablation"),
}
DEMO = ("two-bias", "transfer", "melu", "meta-sgd", "paml", "at-paml", "reg-paml")


def some(names: Sequence[str]) -> dict[str, MethodSettings]:
    return {name: METHODS[name] for name in names}


def compared(
    methods: Mapping[str, MethodSettings],
    groups: Sequence[str],
    seeds: int = 1,
    task: Task = RATING,
    sample: bool = False,
) -> Comparison:
    area = Statistic(values=[0.6] * seeds, mean=0.6, sd=None, users=2, low=0.55, high=0.625)
    loss = Statistic(values=[0.25] * seeds, mean=0.25, sd=None, users=2, low=0.2, high=0.5)
    results = [
        MethodResult(
            name=name,
            label=m.label or name,
            kind=m.kind,
            role=m.role,
            seeds=list(range(seeds)),
            constant_users=0,
            metrics={"auc": area, "nel": loss} if task == CLICK else {},
            gap=None,
            spread=Spread(low=0, median=0, high=0, outliers=0),
            rate_gaps=[],
        )
        for name, m in methods.items()
    ]
    return Comparison(
        of_paper=True,
        by_activity=False,
        dataset="movielens",
        title="MovieLens-1M",
        sample=sample,
        task=task,
        split_sha256="0123",
        test_users=len(groups),
        ranked_users=None,
        short_users={},
        users_by_group={g: list(groups).count(g) for g in set(groups)},
        baselines={},
        one_score={},
        references={},
        methods=results,
        pairs=[],
    )


def invented(
    methods: Mapping[str, MethodSettings],
    users: int = 40,
    seeds: int = 1,
    task: Task = RATING,
    groups: Sequence[str] = ("major", "minor"),
    sample: bool = False,
) -> Results:
    """Invent results: errors with a heavy tail, rates around a thousandth."""
    rng = np.random.default_rng(0)
    own = [groups[n % len(groups)] for n in range(users)]
    people = pl.DataFrame({"user": [f"u{n}" for n in range(users)], "group": own})
    error = metric_for("error", task.kind).column
    comparison = compared(methods, own, seeds, task, sample)

    def rows(method: str, seed: int, **columns: object) -> pl.DataFrame:
        key = (pl.lit(method).alias("method"), pl.lit(seed, pl.Int64).alias("seed"))
        return people.select(*key, pl.all()).with_columns(**columns)  # type: ignore[arg-type]

    def errors() -> pl.Series:
        return pl.Series(rng.lognormal(0, 1, users))

    def rates() -> pl.Series:
        return pl.Series(1e-3 * rng.uniform(0.5, 1, users))

    trials = [(name, m.kind, seed) for name, m in methods.items() for seed in range(seeds)]
    rate_rows = [rows(n, s, inner_lr=rates()) for n, kind, s in trials if has_user_rates(kind)]
    no_rates = rows("", 0, inner_lr=rates()).clear()
    return Results(
        comparison,
        users=pl.concat(rows(n, s, **{error: errors()}) for n, _, s in trials),
        rates=pl.concat([no_rates, *rate_rows]),
        history=pl.DataFrame(
            [
                (n, s, epoch, figure, 10.0 / epoch + s + k)
                for n, kind, s in trials
                if is_learner(kind)
                for epoch in range(1, 6)
                for k, figure in enumerate(("train/loss", "validation/loss", "epoch/seconds"))
            ],
            schema={
                "method": pl.String,
                "seed": pl.Int64,
                "epoch": pl.Int64,
                "figure": pl.String,
                "value": pl.Float64,
            },
            orient="row",
        ),
        support=pl.concat(
            rows(n, s, support_rows=pl.lit(size, pl.Int64), **{error: errors()})
            for n, _, s in trials
            for size in SIZES
        ),
        projection=pl.concat(
            rows(n, 0, x=errors(), y=errors()).drop("seed")
            for n, _, s in [*trials, ("", "melu", 0)]
            if s == 0
        ).filter(pl.col("method").is_in([n for n, kind, _ in trials if is_learner(kind)])),
    )
