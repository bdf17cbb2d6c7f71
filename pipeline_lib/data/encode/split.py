"""Encode clean, partitioned tables as tensors."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline_lib.data.encode.fit import Fitted, fit_split
from pipeline_lib.data.encode.folds import encode_folds
from pipeline_lib.data.encode.tables import CleanTables
from pipeline_lib.episodes.format import Episodes
from pipeline_lib.settings.features import AnyFeature


@dataclass(frozen=True)
class EncodedSplit(Fitted):
    """A split as tensors: its vocabulary, its items, and the episodes of each fold."""

    folds: dict[str, Episodes]


def encode_split(tables: CleanTables, item_features: Mapping[str, AnyFeature]) -> EncodedSplit:
    """Encode a split's users, all items and the split's interactions.

    item_features: those that the items have, read or computed.
    """
    fitted = fit_split(tables, item_features)
    users = tables.split_users.sort("user").with_row_index("user_index")
    profiles = users.join(tables.profiles, on="user", validate="1:1", maintain_order="left")
    folds = encode_folds(profiles, tables.rows, fitted.items["item"], fitted.vocabulary)
    return EncodedSplit(**vars(fitted), folds=folds)
