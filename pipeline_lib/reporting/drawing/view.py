"""What figures are drawn from: a dataset's results, and the frame that a figure makes of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.metrics.errors import aggregate
from pipeline_lib.metrics.registry import metric_for
from pipeline_lib.reporting.drawing.style import Look, looks
from pipeline_lib.reporting.tables.table import SAMPLE
from pipeline_lib.schemas.columns import GROUPS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROLES = ("reference", "rival", "baseline", "proposed", "ablation")


@dataclass(frozen=True)
class Results:
    """One dataset's results, of every method and seed.

    users: method, seed, user, group and the task's metrics. rates: method, seed, user, group,
    inner_lr, of methods that choose one for each user. history: method, seed, epoch, figure,
    value. support: method, seed, user, group, support_rows (null: all), mse or nel. projection:
    method, user, group, x, y. settings: by method, those it was trained with.
    """

    comparison: Comparison
    users: pl.DataFrame
    rates: pl.DataFrame
    history: pl.DataFrame
    support: pl.DataFrame
    projection: pl.DataFrame
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def methods(self, roles: Collection[str] = ROLES) -> list[MethodResult]:
        """Return the methods of some roles: references first, ablations last."""
        own = [m for m in self.comparison.methods if m.role in roles]
        return sorted(own, key=lambda m: ROLES.index(m.role))

    def user_errors(self, roles: Collection[str] = ROLES) -> pl.DataFrame:
        """Average each user's error over seeds, for the methods of some roles.

        Returns `method`, `label`, `role`, `user`, `group`, the task's user error, `seeds`.
        """
        error = metric_for("error", self.comparison.task.kind).column
        values = {error: pl.col(error).mean(), "seeds": pl.len()}
        means = aggregate(self.users, ["method", "user", "group"], **values)
        return named(means, self.methods(roles))


def named(rows: pl.DataFrame, methods: Sequence[MethodResult]) -> pl.DataFrame:
    """Return these methods' rows, in their order, with `label` and `role` after `method`."""
    columns = dict.fromkeys(("method", "label", "role"), pl.String)
    known = pl.DataFrame([(m.name, m.label, m.role) for m in methods], columns, orient="row")
    joined = known.join(rows, on="method", maintain_order="left_right")
    return joined.select(*known.columns, *(c for c in rows.columns if c != "method"))


def _blank() -> "Figure":
    from matplotlib.figure import Figure  # not at the top: rules only ask for names

    return Figure()


@dataclass(frozen=True)
class View:
    """A figure's frame, the comparison that it is of, and the sheet that it is drawn on."""

    frame: pl.DataFrame
    comparison: Comparison
    figure: "Figure" = field(default_factory=_blank)

    @cached_property
    def methods(self) -> list[MethodResult]:
        """Return the methods that the frame has, by role."""
        names = set(self.frame["method"])
        own = [m for m in self.comparison.methods if m.name in names]
        return sorted(own, key=lambda m: ROLES.index(m.role))

    @cached_property
    def looks(self) -> dict[str, Look]:
        """Return how each method looks, the same in all figures of the dataset."""
        return looks(self.comparison.methods)

    @property
    def error(self) -> str:
        """Return the column of the error by which users are compared."""
        return metric_for("error", self.comparison.task.kind).column

    @property
    def error_name(self) -> str:
        """Return that error's name, as in tables."""
        return metric_for("error", self.comparison.task.kind).label

    @property
    def error_axis(self) -> str:
        """Return the label of an axis of users' errors."""
        return f"{self.error_name} of a test user (lower is better)"

    @property
    def users_by_group(self) -> dict[str, int]:
        """Return the number of test users of each group that has any, major users first."""
        found = self.comparison.users_by_group
        return {group: found[group] for group in GROUPS if found.get(group)}

    @property
    def seeds(self) -> str:
        """Return how many seeds the methods of the frame have, in words."""
        counts = sorted({len(m.seeds) for m in self.methods or self.comparison.methods})
        return "one seed" if counts == [1] else f"{' or '.join(map(str, counts))} seeds a method"

    @property
    def users_and_seeds(self) -> str:
        """Return a sentence with the numbers of test users and of seeds."""
        groups = " and ".join(f"{n:,} {group}" for group, n in self.users_by_group.items())
        users = f"{self.comparison.test_users:,} test users, {groups}; {self.seeds}."
        return " ".join(filter(None, [users, self.comparison.activity_note]))

    def of(self, method: MethodResult) -> pl.DataFrame:
        """Return a method's rows of the frame."""
        return self.frame.filter(method=method.name)

    def panel(self, paper: str | None, title: str) -> str:
        """Return a panel's title, after the paper's name of it, such as `7b`, where it has one."""
        return f"{paper}: {title}" if paper and self.comparison.of_paper else title

    def caption(
        self, *sentences: str, after: str | None = None, methods: Sequence[str] = ()
    ) -> str:
        """Join sentences, after the dataset's title and, where so, that its data are generated.

        after: the paper's figure that it is made after; methods: those in that one. Both are only
        told for a dataset of the paper.
        """
        sample = [f"{SAMPLE}."] if self.comparison.sample else []
        source = [f"After the paper's {after}."] if after and self.comparison.of_paper else []
        run = {m.name for m in self.comparison.all_methods}
        if source and (lacking := [name for name in methods if name not in run]):
            source.append(f"Not run, so not shown: {', '.join(lacking)}.")
        if stopped := [method.label for method in self.comparison.stopped]:
            source.append(f"Left out, as training was stopped: {', '.join(stopped)}.")
        return " ".join([*sample, f"{self.comparison.title}.", *sentences, *source])
