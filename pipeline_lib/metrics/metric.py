"""What a metric is: how it is computed, what it is called, and where it is shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

from pipeline_lib.settings.task import Task

TaskKind = Literal["rating", "click"]
# error: what all users have, by which groups and support sizes are compared. ranking: the other one
# that is compared user by user. main: the one by which a page says who is best.
Use = Literal["error", "ranking", "main"]


@dataclass(frozen=True)
class Metric:
    """A mean over users, all of them or those of a group.

    compute: from rows, `user`, `group`, `target`, `score`, one value for each combination of keys,
    [*keys, value]. meaning: what it is of a user, to be read after its label and a colon. by_group:
    also computed over major and over minor users. pools_users: a user's value depends on the
    others' rows, so that a group's are computed from its rows alone. everyone: no user lacks it. k:
    at how many first rows of a ranking it looks. tables: its place among the columns of Tables 2 to
    5, None where it has none. family: what it is called where its variants are one. ties: how it
    treats equal scores, in a sentence. reading_of: the metric that the paper may mean by it. group:
    whose mean it is.
    """

    name: str
    label: str
    task: TaskKind
    compute: Callable[[pl.DataFrame, Task, Sequence[str]], pl.DataFrame]
    meaning: str
    digits: int
    tables: int | None
    family: str
    higher_is_better: bool = False
    by_group: bool = False
    pools_users: bool = False
    everyone: bool = False
    k: int | None = None
    ties: str = ""
    uses: tuple[Use, ...] = ()
    reading_of: str | None = None
    group: str | None = None

    @property
    def column(self) -> str:
        """Return the column of users' values that it averages."""
        if self.group is None:
            return self.name
        own = self.name.removesuffix(f"_{self.group}")
        return f"{own}_group" if self.pools_users else own

    def loss(self, value: float) -> float:
        """Return the value, negative where higher is better, so that smaller is better."""
        return -value if self.higher_is_better else value

    def of_group(self, group: str) -> "Metric":
        """Return the same metric over the users of a group."""
        return replace(
            self, name=f"{self.name}_{group}", label=f"{self.label} {group}", group=group
        )
