"""The generated sample logs: raw layout, determinism and planted structure."""

import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from pipeline_lib.data.sample.movielens import write_sample_movielens
from pipeline_lib.settings.dataset import SampleLogs
from tests.data.sample.recovery import (
    Bools,
    Floats,
    Ints,
    most_of_each,
    multi_hot,
    personal_error,
    profile_error,
    without_biases,
)

FILES = ("users.dat", "movies.dat", "ratings.dat", "movies_extrainfos.dat")
SAMPLE = SampleLogs(generator="movielens", users=400, items=300, seed=11)
WORDS = r"[^:|,\r\n]+"
LIST = rf"{WORDS}(, {WORDS})*"
LAYOUTS = {
    "users.dat": r"[1-9]\d*::[FM]::(1|18|25|35|45|50|56)::(1?\d|20)::\d{5}(-\d{4})?\n",
    "movies.dat": rf"[1-9]\d*::{WORDS} \(\d{{4}}\)::[\w'-]+(\|[\w'-]+)*\n",
    "ratings.dat": r"[1-9]\d*::[1-9]\d*::[1-5]::\d{9,10}\n",
    "movies_extrainfos.dat": (
        rf"[1-9]\d*::{WORDS}::\d{{4}}::(R|UNRATED|PG|PG-13|G|NC-17)::\d\d [A-Z][a-z]{{2}} \d{{4}}"
        rf"::{LIST}::{LIST}::{LIST}::{WORDS}(, {WORDS}){{0,3}}::{LIST}::N/A\r\n"
    ),
}


@dataclass(frozen=True)
class Logs:
    """The four files, split into fields; `user`, `movie` and `stars` are one entry a rating."""

    users: list[list[str]]
    movies: list[list[str]]
    details: dict[str, list[str]]
    user: Ints
    movie: Ints
    stars: Floats


ROLES = {
    "users": "users.dat",
    "items_1": "movies.dat",
    "interactions": "ratings.dat",
    "items_2": "movies_extrainfos.dat",
}


def write_into(folder: Path, sample: SampleLogs) -> None:
    write_sample_movielens({role: folder / name for role, name in ROLES.items()}, sample)


def _fields(path: Path) -> list[list[str]]:
    encoding = "latin-1" if path.name == "movies.dat" else "utf-8"
    return [line.split("::") for line in path.read_bytes().decode(encoding).splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw") / "sample"
    write_into(folder, SAMPLE)
    return folder


@pytest.fixture(scope="module")
def logs(folder: Path) -> Logs:
    users, movies, ratings, details = (_fields(folder / name) for name in FILES)
    user_row = {fields[0]: row for row, fields in enumerate(users)}
    movie_row = {fields[0]: row for row, fields in enumerate(movies)}
    return Logs(
        users,
        movies,
        {fields[0]: fields for fields in details},
        user=np.array([user_row[fields[0]] for fields in ratings]),
        movie=np.array([movie_row[fields[1]] for fields in ratings]),
        stars=np.array([float(fields[2]) for fields in ratings]),
    )


@pytest.fixture(scope="module")
def support(logs: Logs) -> Bools:
    return most_of_each(logs.user)


@pytest.fixture(scope="module")
def unexplained(logs: Logs, support: Bools) -> Floats:
    return without_biases(logs.stars, (logs.movie, logs.user), support)


@pytest.fixture(scope="module")
def genres(logs: Logs) -> Floats:
    return multi_hot([fields[2].split("|") for fields in logs.movies])


@pytest.fixture(scope="module")
def directors(logs: Logs) -> Floats:
    known = [logs.details.get(fields[0]) for fields in logs.movies]
    return multi_hot([fields[6].split(", ") if fields else [] for fields in known])


def _is_major(users: list[list[str]]) -> Bools:
    """Whether three of a user's four features have one of the 30 % most common values."""
    common = np.zeros(len(users), dtype=int)
    for column in range(1, 5):
        values = [fields[column] for fields in users]
        ranked = Counter(values).most_common()
        top = {value for value, _ in ranked[: math.ceil(0.3 * len(ranked))]}
        common += np.array([value in top for value in values])
    return common >= 3


def _contrast(group: Bools, genres: Floats, unexplained: Floats) -> float:
    """Squared difference of the group and the others in what they think of each genre, summed."""
    inside, outside = (
        genres[rows].T @ unexplained[rows] / genres[rows].sum(axis=0) for rows in (group, ~group)
    )
    return float(((inside - outside) ** 2).sum())


@pytest.mark.parametrize("name", FILES)
def test_every_line_has_the_raw_layout(folder: Path, name: str) -> None:
    encoding = "latin-1" if name == "movies.dat" else "utf-8"
    text = (folder / name).read_bytes().decode(encoding)
    lines = text.splitlines(keepends=True)
    assert [line for line in lines if not re.fullmatch(LAYOUTS[name], line)] == []


def test_movies_are_latin_1_and_details_utf_8(folder: Path) -> None:
    with pytest.raises(UnicodeDecodeError):
        (folder / "movies.dat").read_bytes().decode("utf-8")
    details = (folder / "movies_extrainfos.dat").read_bytes()
    assert not details.isascii()
    assert "Café" in details.decode("utf-8")


def test_ids_are_unique_ordered_and_movies_have_gaps(logs: Logs) -> None:
    movies = [int(fields[0]) for fields in logs.movies]
    assert [int(fields[0]) for fields in logs.users] == list(range(1, SAMPLE.users + 1))
    assert movies == sorted(set(movies))
    assert len(movies) == SAMPLE.items < movies[-1]
    assert (np.diff(logs.user) >= 0).all()


def test_details_lack_a_few_movies_and_agree_on_the_others(logs: Logs) -> None:
    titles = {fields[0]: fields[1] for fields in logs.movies}
    assert 0 < len(titles) - len(logs.details) < 0.05 * len(titles)
    for movie, fields in logs.details.items():
        assert titles[movie] == f"{fields[1]} ({fields[2]})"
        assert fields[4].endswith(fields[2])


def test_some_zip_codes_are_long_and_some_movies_have_two_directors(logs: Logs) -> None:
    long_zips = sum(len(fields[4]) == 10 for fields in logs.users)
    pairs = sum("," in fields[6] for fields in logs.details.values())
    assert 0 < long_zips < 0.05 * len(logs.users)
    assert 0 < pairs < 0.15 * len(logs.details)


def test_files_are_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    (tmp_path / "users.dat").write_text("old")
    write_into(tmp_path, SampleLogs(generator="movielens", users=20, items=20, seed=1))
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)
    assert len(_fields(tmp_path / "users.dat")) == 20


def test_a_file_that_cannot_be_finished_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: Path, target: Path) -> None:
        raise OSError("disk full")

    (tmp_path / "users.dat").write_text("old")
    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(OSError, match="disk full"):
        write_into(tmp_path, SAMPLE)
    assert (tmp_path / "users.dat").read_text() == "old"


@pytest.mark.parametrize(("users", "items"), [(20, 20), (20, 300), (400, 20)])
def test_small_samples_are_complete(users: int, items: int, tmp_path: Path) -> None:
    write_into(tmp_path, SampleLogs(generator="movielens", users=users, items=items, seed=5))
    ratings = Counter(fields[0] for fields in _fields(tmp_path / "ratings.dat"))
    assert len(ratings) == users
    assert min(ratings.values()) >= 20
    assert len(_fields(tmp_path / "movies.dat")) == items


def test_ratings_are_unique_whole_stars_around_the_usual_mean(logs: Logs) -> None:
    assert len(set(zip(logs.user, logs.movie, strict=True))) == len(logs.user)
    assert set(logs.stars) == {1.0, 2.0, 3.0, 4.0, 5.0}
    assert logs.stars.mean() == pytest.approx(3.6, abs=0.15)
    assert logs.stars.std() == pytest.approx(1.1, abs=0.1)


def test_activity_and_popularity_are_long_tailed(logs: Logs) -> None:
    activity = np.sort(np.bincount(logs.user, minlength=SAMPLE.users))
    popularity = np.sort(np.bincount(logs.movie, minlength=SAMPLE.items))
    assert activity.min() >= 20
    assert activity[-40:].sum() > 0.2 * activity.sum()
    assert popularity[-30:].sum() > 0.28 * popularity.sum()
    assert activity.mean() > 1.15 * np.median(activity)
    assert popularity.mean() > 1.15 * np.median(popularity)


@pytest.mark.parametrize("seed", range(5))
def test_about_60_percent_of_users_are_major(seed: int, tmp_path: Path) -> None:
    write_into(tmp_path, SAMPLE.model_copy(update={"seed": seed}))
    assert 0.5 < _is_major(_fields(tmp_path / "users.dat")).mean() < 0.7


def test_taste_is_personal_and_recoverable_from_genres_and_directors(
    logs: Logs, support: Bools, unexplained: Floats, genres: Floats, directors: Floats
) -> None:
    """A fit per user takes at least 12 % off the error of movie means and user biases."""
    traits = np.hstack([genres, directors])[logs.movie]
    shared = (unexplained[~support] ** 2).mean()
    personal = personal_error(traits, unexplained, logs.user, support)
    assert personal < 0.88 * shared
    assert personal < 0.97 * personal_error(genres[logs.movie], unexplained, logs.user, support)


@pytest.mark.slow
def test_profile_hints_at_taste_but_own_ratings_tell_more(
    logs: Logs, support: Bools, unexplained: Floats, genres: Floats, directors: Floats
) -> None:
    """The profile gains at least 1 %, and less than half of what a fit per user gains."""
    features = [[f"{c}={fields[c]}" for c in (1, 2, 3)] for fields in logs.users]
    rated, profiles = genres[logs.movie], multi_hot(features)[logs.user]
    shared = (unexplained[~support] ** 2).mean()
    hinted = shared - profile_error(profiles, rated, unexplained, support)
    traits = np.hstack([genres, directors])[logs.movie]
    learnt = shared - personal_error(traits, unexplained, logs.user, support)
    assert 0.01 * shared < hinted < 0.5 * learnt


def test_minor_users_like_other_genres_than_major_users(
    logs: Logs, unexplained: Floats, genres: Floats
) -> None:
    """The groups differ at least twice as much as any of 20 random groups of the same size."""
    major, rated = _is_major(logs.users), genres[logs.movie]
    shuffled = [np.random.default_rng(seed).permutation(major) for seed in range(20)]
    by_chance = max(_contrast(group[logs.user], rated, unexplained) for group in shuffled)
    assert _contrast(major[logs.user], rated, unexplained) > 2 * by_chance
