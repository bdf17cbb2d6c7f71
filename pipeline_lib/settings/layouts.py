"""What each raw format offers: the files it is made of and the features found in them."""

from dataclasses import dataclass

from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.errors import SettingsError, unknown


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


def check_layout(dataset: Dataset, source: str) -> None:
    """Raise SettingsError when a dataset names files or features that its format has not."""
    layout = LAYOUTS[dataset.reader]
    if dataset.files.keys() != layout.files:
        raise SettingsError(
            f"{source}: files must name {sorted(layout.files)}, not {sorted(dataset.files)}"
        )
    for key, what in (
        ("optional_files", "file"),
        ("user_features", "feature"),
        ("item_features", "feature"),
    ):
        known = getattr(layout, key)
        for name in getattr(dataset, key):
            if name not in known:
                raise SettingsError(f"{source}: {key}: {unknown(name, what, known)}")
