"""What a method predicted for test users, and two methods compared on the same users."""

from dataclasses import dataclass, replace

import polars as pl

from pipeline_lib.evaluation.users import UserMeans
from pipeline_lib.metrics.registry import metrics_among
from pipeline_lib.metrics.users import summarise, user_metrics
from pipeline_lib.settings.task import Task


@dataclass(frozen=True)
class Results:
    """A method on the test users of a split, with one seed or several.

    predictions: `seed`, `user`, `item`, `group`, `target`, `score`, `inner_lr`. users: `seed`,
    `user`, `group` and the metrics; null where a user has none.
    """

    method: str
    task: Task
    split_sha256: str
    predictions: pl.DataFrame
    users: pl.DataFrame

    def metrics(self) -> pl.DataFrame:
        """Return the metrics of each seed: `seed`, `metric`, `value`, `users` who have it."""
        rows = [
            (seed, name, value, counted[name])
            for seed, users in _by_seed(self.users).items()
            for counted, values in [summarise(users, self.task)]
            for name, value in values.items()
        ]
        return pl.DataFrame(rows, ["seed", "metric", "value", "users"], orient="row")

    def measure(self, *metrics: str) -> "Results":
        """Return the same with other metrics of users besides, such as `mae` or `ndcg_10`.

        Raises ValueError for a name that is no metric of the task.
        """
        chosen = [*metrics_among(self.users.columns, self.task.kind), *metrics]
        seeds = self.predictions["seed"].unique(maintain_order=True)
        users = pl.concat(
            user_metrics(self.predictions.filter(seed=seed), self.task, chosen).select(
                pl.lit(seed, pl.Int64).alias("seed"), pl.all()
            )
            for seed in seeds
        )
        return replace(self, users=users)


def compare(left: Results, right: Results) -> pl.DataFrame:
    """Compare two methods user by user, each user's metric averaged over the method's seeds.

    Returns a row a metric: `metric`, `left`, `right`, `users`, the `difference` of the means, left
    minus right, with its 95 % bootstrap interval from `low` to `high`, Cohen's d as `effect`, and
    the `p` of a paired two-tailed t-test. Raises ValueError where they are of different splits.
    """
    if left.split_sha256 != right.split_sha256:
        raise ValueError(
            f"{left.method} was judged on split {left.split_sha256[:12]}, {right.method} on split "
            f"{right.split_sha256[:12]}; compare methods of one dataset, partition and split seed"
        )
    sides = {"left": left, "right": right}
    seeds = {side: [*_by_seed(own.users).values()] for side, own in sides.items()}
    pairs = UserMeans(left.task.kind, seeds, left.split_sha256).pairs()
    names = {side: own.method for side, own in sides.items()}
    rows = [pair.model_dump(exclude={"holm_p"}) | names for pair in pairs]
    return pl.DataFrame(rows, infer_schema_length=None)


def _by_seed(users: pl.DataFrame) -> dict[int, pl.DataFrame]:
    """Return the tables of users by seed."""
    parts = users.sort("seed", "user").partition_by("seed", as_dict=True, include_key=False)
    return {int(str(seed)): own for (seed,), own in parts.items()}
