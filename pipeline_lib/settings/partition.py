"""Settings of a partition: cold users, folds, support and query, groups."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from pipeline_lib.settings.strict import Name, Several, Strict

Share = Annotated[float, Field(gt=0, le=1)]


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


class Partition(Strict):
    """The rules of a partition (Yu et al. 2021, "Datasets")."""

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
        0.2, description="Share of a user's interactions to be judged on."
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
