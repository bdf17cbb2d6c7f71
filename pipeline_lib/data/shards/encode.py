"""Encode one shard of a split: the episodes of its users."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipeline_lib.data.encode.folds import encode_folds, indexed
from pipeline_lib.data.encode.vocabulary import Vocabulary
from pipeline_lib.data.shards.shard import Shard
from pipeline_lib.episodes.format import Episodes
from pipeline_lib.schemas.clean import users
from pipeline_lib.schemas.split import ITEMS, SPLIT_USERS, split_rows
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.storage.tables import read_json, read_rows, read_table, scan_table


def encode_shard(files: Mapping[str, Path], log: LogSettings, shard: Shard) -> dict[str, Episodes]:
    """Encode a shard's users of each fold; their indices are those in the split.

    files: the clean `users`, the `split_users` and `rows` of the split, and the fitted
    `vocabulary` and `names` of the items.
    """
    own = shard.has(pl.col("user"))
    split_users = indexed(scan_table(files["split_users"], SPLIT_USERS)).filter(own)
    people = read_rows(files["users"], users(log.user_features), own)
    profiles = split_users.collect(engine="streaming").join(
        people, on="user", validate="1:1", maintain_order="left"
    )
    return encode_folds(
        profiles,
        read_rows(files["rows"], split_rows(log.task.scale), own).lazy(),
        read_table(files["names"], ITEMS)["item"],
        read_json(files["vocabulary"], Vocabulary),
    )
