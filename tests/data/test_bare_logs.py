"""Logs without a file of users or of items: both are those of the interactions."""

from pathlib import Path

import polars as pl
import pytest
import torch

from pipeline_lib.data.encode.split import EncodedSplit, encode_split
from pipeline_lib.data.encode.tables import CleanTables
from pipeline_lib.data.encode.vocabulary import Vocabulary
from pipeline_lib.partition.split import partition
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.settings.partition import FoldShares, Partition
from tests.conftest import Cleaned, clean_folder

RATINGS = [
    "user,item,target",
    *(f"u{u},i{i},{1 + (u + i) % 5}" for u in range(6) for i in range(2 + u)),
    "u9,i1,6",
    ",i1,5",
    "u1,,5",
]
MOVIES = ["item,title,genres", "i0,A,x|y", "i1,B,y", "i2,C,x", "i3,D,"]
BARE = {
    "task": {"kind": "rating", "scale": [1, 5]},
    "interactions": {"file": "ratings.csv"},
}
WITH_MOVIES = BARE | {
    "items": {"file": "movies.csv"},
    "item_features": {"genres": {"kind": "multi-valued", "separator": "|"}},
}
RULES = Partition(cold_share=1, folds=FoldShares(train=1, validation=1, test=1))


def cleaned(folder: Path, settings: dict[str, object]) -> tuple[Cleaned, LogSettings]:
    (folder / "ratings.csv").write_text("\n".join(RATINGS))
    (folder / "movies.csv").write_text("\n".join(MOVIES))
    log = LogSettings.model_validate(settings)
    return clean_folder(folder, log, folder / "clean"), log


def test_users_and_items_are_those_of_the_rows_that_are_kept(tmp_path: Path) -> None:
    """u9's only row is outside the scale; 27 rows of six users and seven items are right."""
    logs, _ = cleaned(tmp_path, BARE)
    assert logs.users.rows() == [(f"u{n}", None) for n in range(6)]
    assert logs.items.rows() == [(f"i{n}",) for n in range(7)]
    (count,) = logs.report.files
    assert (count.read, count.kept, count.rejected) == (30, 27, 3)
    report = logs.report
    assert (report.users, report.sound_users, report.items, report.items_without_row) == (
        6,
        6,
        7,
        0,
    )


def test_a_file_of_items_alone_lists_them(tmp_path: Path) -> None:
    """i4 to i6 are in no row of the file: 5 + 4 + 3 + 2 + 1 of u3 to u5's ratings are of these."""
    logs, _ = cleaned(tmp_path, WITH_MOVIES)
    assert logs.users["user"].to_list() == [f"u{n}" for n in range(6)]
    assert logs.items["item"].to_list() == ["i0", "i1", "i2", "i3"]
    ratings = logs.report.files[-1]
    assert ratings.reasons["item: item has no row in movies.csv"] == 6
    assert ratings.kept == 21


def test_users_without_features_are_told_apart_by_activity(tmp_path: Path) -> None:
    """u0 to u5 have 2 to 7 rows, 4.5 in the middle."""
    logs, _ = cleaned(tmp_path, BARE)
    split = partition(logs.users, logs.interactions.lazy(), [], RULES, 0)
    assert split.users["group"].to_list() == ["minor"] * 3 + ["major"] * 3
    assert split.summary.common_value_share == {}


def encoded(logs: Cleaned, log: LogSettings) -> EncodedSplit:
    split = partition(logs.users, logs.interactions.lazy(), [], RULES, 0)
    tables = CleanTables(
        logs.users, logs.items, logs.events.lazy(), split.users, split.interactions.lazy()
    )
    return encode_split(tables, log.item_features)


def test_users_have_one_constant_and_items_their_ids(tmp_path: Path) -> None:
    """An item that no training user has met is unknown."""
    logs, log = cleaned(tmp_path, BARE)
    found = encoded(logs, log)
    for episodes in found.folds.values():
        assert torch.equal(episodes.codes, torch.ones(2, 1, dtype=torch.int64))
        assert torch.equal(episodes.values, torch.ones(2, 1))
    items, _ = found.folds["train"].all_rows()
    met = sorted({f"i{n}" for n in items.tolist()})
    assert found.vocabulary == Vocabulary(user={"constant": ["constant"]}, item={"id": met})
    assert len(met) < 7
    lengths = found.catalogue.bags.lengths(torch.arange(7)).tolist()
    assert [n for n, length in enumerate(lengths) if length] == [int(item[1:]) for item in met]


@pytest.mark.parametrize("settings", [BARE, WITH_MOVIES])
def test_a_rate_is_computed_without_files(tmp_path: Path, settings: dict[str, object]) -> None:
    own = settings | {"item_features": {"mean": {"kind": "numeric", "rate": "target"}}}
    logs, log = cleaned(tmp_path, own)
    assert logs.report.item_features == ["mean"]
    assert [*encoded(logs, log).vocabulary.item] == ["mean"]


def test_events_are_those_of_the_users_of_interactions(tmp_path: Path) -> None:
    events = {
        "file": "events.csv",
        "by": {"genre": "g"},
        "hits": ["buy"],
        "trials": ["buy", "view"],
    }
    features = {
        "genre": {"kind": "categorical", "column": "title"},
        "rate": {"kind": "numeric", "rate": "events"},
    }
    settings = WITH_MOVIES | {"events": events, "item_features": features}
    (tmp_path / "events.csv").write_text("user,g,event\nu1,A,buy\nu9,A,buy\nu1,A,view\n")
    logs, _ = cleaned(tmp_path, settings)
    assert logs.events.select("user", "events", "hits").rows() == [("u1", 2, 1)]
    assert logs.report.files[-1].reasons == {"user: user has no row in ratings.csv": 1}
    assert isinstance(logs.events, pl.DataFrame)
