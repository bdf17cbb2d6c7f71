"""The real MovieLens-1M, where it is at hand: facts that reader, split and groups must give."""

import os
from pathlib import Path

import polars as pl
import pytest

from pipeline_lib.data.clean import CleanLogs, clean
from pipeline_lib.data.movielens import read_movielens
from pipeline_lib.partition.split import Split, partition
from pipeline_lib.settings.dataset import Dataset

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def logs(movielens: Dataset) -> CleanLogs:
    raw_dir = os.environ.get("PIPELINE_RAW_DIR")
    if raw_dir is None:
        pytest.skip("PIPELINE_RAW_DIR does not name a folder with the real logs")
    folder = Path(raw_dir) / movielens.folder
    files = {**movielens.files, **movielens.optional_files}
    missing = [file for file in files.values() if not (folder / file).is_file()]
    if missing:
        pytest.skip(f"{folder} lacks {', '.join(missing)}")
    return clean(read_movielens({t: folder / file for t, file in files.items()}), movielens)


@pytest.fixture(scope="module")
def cold(logs: CleanLogs, movielens: Dataset) -> Split:
    return partition(logs.users, logs.interactions, movielens.partition, 0)


@pytest.fixture(scope="module")
def everyone(logs: CleanLogs, movielens: Dataset) -> Split:
    rules = movielens.partition.model_copy(update={"cold_share": 1.0})
    return partition(logs.users, logs.interactions, rules, 0)


def percent(split: Split) -> dict[str, float]:
    return {f: round(100 * share, 1) for f, share in split.record.common_value_share.items()}


def test_every_line_is_kept(logs: CleanLogs) -> None:
    assert [str(count) for count in logs.report.files] == [
        "users.dat: 6,040 read = 6,040 kept + 0 rejected",
        "movies.dat: 3,883 read = 3,883 kept + 0 rejected",
        "movies_extrainfos.dat: 3,881 read = 3,881 kept + 0 rejected",
        "ratings.dat: 1,000,209 read = 1,000,209 kept + 0 rejected",
    ]
    assert logs.rejects.height == 0
    assert logs.report.features_left_out == []


def test_ratings_are_the_published_ones(logs: CleanLogs) -> None:
    ratings = logs.interactions
    assert ratings["target"].value_counts().sort("target").rows() == [
        (1.0, 56174),
        (2.0, 107557),
        (3.0, 261197),
        (4.0, 348971),
        (5.0, 226310),
    ]
    assert ratings["target"].cast(pl.Float64).mean() == pytest.approx(3.581564, abs=5e-7)
    assert ratings["item"].n_unique() == 3706
    assert ratings["user"].n_unique() == 6040


def test_letters_with_accents_are_read_rightly(logs: CleanLogs) -> None:
    people = logs.items.select(pl.concat_list("director", "actor").explode())["director"]
    assert {"Doris Dörrie", "Hubert Koundé", "Téa Leoni"} <= set(people)
    assert not people.drop_nulls().str.contains("[ÃÂ\ufffd]").any()


def test_cold_users_are_the_papers_4832(cold: Split) -> None:
    counts = cold.interactions.group_by("user").len()["len"]
    assert (cold.users.height, cold.interactions.height) == (4832, 428185)
    assert (counts.min(), counts.median(), counts.max()) == (20, 70, 253)


def test_folds_have_the_papers_shares(cold: Split) -> None:
    assert cold.record.users_by_fold == {"train": 3382, "validation": 484, "test": 966}


def test_query_has_a_fifth_of_each_users_rows(cold: Split) -> None:
    parts = cold.interactions.group_by("user").agg(
        pl.len(), (pl.col("part") == "query").sum().alias("query")
    )
    assert (parts["query"] == (parts["len"] * 0.2 + 0.5).floor()).all()


def test_common_values_have_table_1s_shares(everyone: Split, cold: Split) -> None:
    assert percent(everyone) == {"gender": 71.7, "age": 72.7, "occupation": 64.1, "zip": 58.3}
    assert percent(cold)["zip"] == 56.9


def test_major_users_are_58_75_percent_of_the_cold_and_60_48_of_all(
    everyone: Split, cold: Split
) -> None:
    """Which of the users and values with equal counts are taken moves the first by 0.02."""
    assert cold.record.users_by_group == {"major": 2839, "minor": 1993}
    assert everyone.record.users_by_group == {"major": 3653, "minor": 2387}
