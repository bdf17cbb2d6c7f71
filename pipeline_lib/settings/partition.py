"""Settings of a partition: cold users, folds, support and query, groups."""

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from pipeline_lib.settings.columns import Moment
from pipeline_lib.settings.strict import Name, Several, Strict

Share = Annotated[float, Field(gt=0, le=1)]


def _is_none(value: object) -> bool:
    return value is None


class FoldShares(Strict):
    """The ratio of the users in each fold."""

    train: PositiveInt = 7
    validation: PositiveInt = 1
    test: PositiveInt = 2


class Negatives(Strict):
    """Items that a user does not have, drawn by the split seed as rows without a click."""

    per_click: PositiveInt = Field(4, description="How many for each click of the user.")
    by: Literal["uniform", "popularity"] = Field(
        "uniform",
        description="uniform: each item of the clean interactions is as likely; popularity: in "
        "proportion to training users' clicks.",
    )


class RowCount(Strict):
    """A part that has as many rows of every user."""

    rows: PositiveInt = Field(1, description="How many.")


class Quadrant(Strict):
    """Which of the four quadrants of MeLU users are judged in (Lee et al. 2019).

    Rows of training and validation users with cold items take no part.
    """

    users: Literal["cold", "warm"] = Field(
        "cold",
        description="cold: training has no row of test users; warm: it has other rows than those "
        "they are judged by.",
    )
    items: Literal["cold", "warm"] = Field(
        "cold", description="cold: those that no training row is with; warm: the others."
    )
    cold_items: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="Share of the items that are cold, drawn by the split seed."
    )

    def __str__(self) -> str:
        """Return it as part of a sentence."""
        share = f"{100 * self.cold_items:g} % of the items are cold"
        return f"{self.users} users judged on {self.items} items, {share}"


class Partition(Strict):
    """The rules of a partition (Yu et al. 2021, "Datasets"); further keys make other protocols.

    A key that the paper's protocol lacks is left out of what is written while it has its default,
    so that a new one makes no job run again.
    """

    cold_share: Share = Field(
        0.8, description="Share of users, fewest interactions first, kept.", examples=["0.8"]
    )
    order: Literal["cold-first", "filters-first"] = Field(
        "cold-first",
        description="cold-first: take the cold share of all users, then drop those with blank or "
        "wrong features or too few interactions, as the paper says it; filters-first: drop these, "
        "then take the cold share of the others.",
    )
    min_interactions: Annotated[int, Field(ge=2)] = Field(
        2, description="Fewest interactions a user needs: one to adapt on, one to be judged on."
    )
    max_interactions: PositiveInt | None = Field(
        None,
        exclude_if=_is_none,
        description="Most interactions of a user who is judged.",
        examples=["100"],
    )
    min_clicked: NonNegativeInt = Field(
        0, description="Fewest clicked items a user needs, in click tasks."
    )
    negatives: Negatives | None = Field(
        None, description="click: rows without a click to add.", examples=["{per_click: 4}"]
    )
    folds: FoldShares = Field(
        FoldShares(),
        description="How users are shared out.",
        examples=["{train: 7, validation: 1, test: 2}"],
    )
    query_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2,
        description="Share of a user's interactions to be judged on, where neither support nor "
        "query has a number of rows.",
    )
    support: RowCount | None = Field(
        None,
        exclude_if=_is_none,
        description="How many of a user's interactions to adapt on; the others are to be judged "
        "on, or as many as `query` says.",
        examples=["{rows: 5}"],
    )
    query: RowCount | None = Field(
        None,
        exclude_if=_is_none,
        description="How many of a user's interactions to be judged on; the others are to adapt "
        "on, or as many as `support` says.",
        examples=["{rows: 10}"],
    )
    parts_by: Literal["draw", "time"] = Field(
        "draw",
        exclude_if=lambda value: value == "draw",
        description="draw: the split seed draws the interactions to adapt on and to be judged on; "
        "time: each user's earlier ones are to adapt on.",
    )
    cut: Moment | None = Field(
        None,
        exclude_if=_is_none,
        description="Test users are judged on what they did from then on, and adapted on what they "
        "did before; nobody else's later interactions count.",
        examples=["2020-01-01"],
    )
    learn_from: Literal["cold", "everyone"] = Field(
        "cold",
        exclude_if=lambda value: value == "cold",
        description="everyone: users who are too active to be judged on, and those without "
        "interactions after the cut, are learned from.",
    )
    quadrant: Quadrant | None = Field(
        None,
        exclude_if=_is_none,
        description="Some items are cold, and test users are cold or warm.",
        examples=["{users: cold, items: cold}"],
    )
    top_share: Share = Field(
        0.3, description="Share of a feature's values, most users first, that count as common."
    )
    major_features: PositiveInt = Field(
        3, description="Fewest features with a common value that make a user major."
    )
    group_features: Several[Name] | None = Field(
        None,
        description="The user features that count; without it all but numeric ones.",
        examples=["[gender, age]"],
    )

    @property
    def fewest(self) -> int:
        """Return the fewest interactions of a user: those of its support and query and more."""
        support, query = (part.rows if part else 1 for part in (self.support, self.query))
        return max(self.min_interactions, support + query)

    @property
    def timed(self) -> bool:
        """Return whether it goes by the interactions' times."""
        return self.parts_by == "time" or self.cut is not None

    @model_validator(mode="after")
    def _check_protocol(self) -> Self:
        if self.max_interactions and self.max_interactions < self.fewest:
            raise ValueError(
                f"a user needs {self.fewest} interactions (min_interactions, or the rows of "
                f"support and query), and max_interactions is {self.max_interactions}; raise "
                "max_interactions, or ask for fewer"
            )
        if self.cut and (self.support or self.query):
            raise ValueError(
                "cut says what test users are adapted and judged on; take support and query out, "
                "or set them to null"
            )
        if self.quadrant and (self.cut or self.negatives):
            raise ValueError(
                "quadrant is of rows that the log has, at any time; take cut and negatives out, "
                "or set them to null"
            )
        if self.timed and self.negatives:
            raise ValueError(
                "negatives are drawn without a time; take them out, or both parts_by and cut"
            )
        return self

    def protocol(self) -> str:
        """Return who is judged on what, in words."""
        quadrant = str(self.quadrant) if self.quadrant else ""
        parts = [self._users(), quadrant, self._rows(), self._learned_from()]
        return "; ".join(filter(None, parts))

    def _users(self) -> str:
        fewest = f"the {100 * self.cold_share:g} % of users with fewest interactions"
        users = "users" if self.cold_share == 1 else fewest
        most = f"to {self.max_interactions}" if self.max_interactions else "or more"
        return f"{users}, of {self.fewest} {most} interactions"

    def _rows(self) -> str:
        order = "drawn" if self.parts_by == "draw" else "support before query"
        if self.cut:
            own = f"{100 * self.query_share:g} % of others' rows query, {order}"
            return f"test users' rows from {self.cut:%Y-%m-%d %H:%M} on query; before it {own}"
        if not (self.support or self.query):
            return f"{100 * self.query_share:g} % of a user's rows query, {order}"
        named = {"support": self.support, "query": self.query}
        sizes = [f"{part.rows} {name}" for name, part in named.items() if part]
        others = [f", the others {name}" for name, part in named.items() if not part]
        return f"of a user's rows {' and '.join(sizes)}{''.join(others)}, {order}"

    def _learned_from(self) -> str:
        return "" if self.learn_from == "cold" else "more active users learned from, not judged on"
