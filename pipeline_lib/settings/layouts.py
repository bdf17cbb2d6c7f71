"""What each raw format offers: the files it is made of and the features found in them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """A raw format's files by role, those that may be missing, and its features."""

    files: frozenset[str]
    optional_files: frozenset[str]
    user_features: frozenset[str]
    item_features: frozenset[str]


LAYOUTS = {
    "movielens": Layout(
        files=frozenset({"users", "catalogue", "interactions"}),
        optional_files=frozenset({"item_details"}),
        user_features=frozenset({"gender", "age", "occupation", "zip"}),
        item_features=frozenset({"genre", "year", "director", "actor", "rated"}),
    )
}
