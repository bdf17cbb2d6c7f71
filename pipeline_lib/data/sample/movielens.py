"""Generated sample logs in the raw layout of MovieLens-1M."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl

from pipeline_lib.data.sample import planted
from pipeline_lib.data.sample.planted import Bools, Floats, Ints, Rng
from pipeline_lib.settings.dataset import SampleLogs
from pipeline_lib.storage.tables import atomic_path

FEWEST_RATINGS = 20
OCCUPATIONS = 21
AGES = np.array([25, 35, 18, 45, 50, 56, 1])
RATED = np.array(["R", "UNRATED", "PG", "PG-13", "G", "NC-17"])
GENRES = np.ravel(
    [
        ["Drama", "Comedy", "Action", "Thriller", "Romance", "Horror"],
        ["Adventure", "Sci-Fi", "Children's", "Crime", "War", "Documentary"],
        ["Musical", "Mystery", "Animation", "Fantasy", "Western", "Film-Noir"],
    ]
)


def write_sample_movielens(files: Mapping[str, Path], sample: SampleLogs) -> None:
    """Write the files `users`, `items_1`, `interactions` and `items_2`.

    Ratings follow a planted model: a user belongs to one of four hidden groups with opposed
    tastes, a movie's genres and directors carry the traits the groups like or dislike, and user
    bias, movie bias and noise are added. Gender, age and occupation only hint at the group, and
    users with a rare profile lean to other groups than the majority.
    """
    rng = planted.stream(sample.seed)
    users, liked = _users(rng, sample.users)
    movies, traits = _movies(rng, sample.items)
    ratings = _ratings(rng, liked, traits, movies["movie"].to_numpy())
    _write(files["users"], users)
    _write(files["items_1"], _listing(movies), encoding="latin-1")
    _write(files["interactions"], ratings)
    _write(files["items_2"], _details(movies), end="\r\n")


def _users(rng: Rng, users: int) -> tuple[pl.DataFrame, Floats]:
    common = rng.random(users) < planted.COMMON_USERS
    values = (2, len(AGES), OCCUPATIONS, users)
    gender, age, job, area = (planted.ranks(rng, common, n) for n in values)
    zips = [f"{code:05d}" for code in rng.integers(500, 99_951, users)[area]]
    table = {
        "user": np.arange(1, users + 1),
        "gender": np.array(["M", "F"])[gender],
        "age": AGES[age],
        "occupation": rng.permutation(OCCUPATIONS)[job],
        "zip": [f"{z}-{z[1:]}" if row % 50 == 7 else z for row, z in enumerate(zips)],
    }
    return pl.DataFrame(table), planted.tastes(rng, common, (gender, age, job))


def _movies(rng: Rng, movies: int) -> tuple[pl.DataFrame, Floats]:
    genres = _memberships(rng, movies, planted.zipf(len(GENRES), 0.7), (1, 0.5))
    directors = _memberships(rng, movies, planted.zipf(movies // 5, 0), (1, 0.05))
    traits = _mean_trait(rng, genres) + _mean_trait(rng, directors)
    return _catalogue(rng, genres, directors), planted.standardised(traits)


def _catalogue(rng: Rng, genres: Bools, directors: Bools) -> pl.DataFrame:
    movies = len(genres)
    actors = _memberships(rng, movies, planted.zipf(movies, 0), (1, 0.9, 0.9, 0.9))
    people = planted.names(rng, planted.PEOPLE, movies)
    directed_by = [", ".join(people[: len(row)][row]) for row in directors]
    released = np.datetime64("1960-01-01") + rng.integers(0, 40 * 365, movies)
    return pl.DataFrame(
        {
            "movie": np.sort(rng.choice(movies + movies // 10, movies, replace=False)) + 1,
            "title": planted.names(rng, planted.TITLES, movies),
            "year": pl.Series(released).dt.year(),
            "rated": rng.choice(RATED, movies),
            "released": pl.Series(released).dt.strftime("%d %b %Y"),
            "genres": [", ".join(GENRES[row]) for row in genres],
            "directors": directed_by,
            "writers": directed_by,
            "actors": [", ".join(people[row]) for row in actors],
            "plot": "Nobody agrees on what happens.",
            "poster": "N/A",
        }
    )


def _memberships(rng: Rng, rows: int, weights: Floats, chances: tuple[float, ...]) -> Bools:
    """Which labels each row has: one drawn by weight for each chance that comes true."""
    members = np.zeros((rows, len(weights)), dtype=bool)
    for chance in chances:
        chosen = np.flatnonzero(rng.random(rows) < chance)
        members[chosen, rng.choice(len(weights), len(chosen), p=weights)] = True
    return members


def _mean_trait(rng: Rng, members: Bools) -> Floats:
    traits = rng.permutation(planted.circle(members.shape[1]))
    mean: Floats = members @ traits / members.sum(axis=1, keepdims=True)
    return mean


def _ratings(rng: Rng, liked: Floats, traits: Floats, ids: Ints) -> pl.DataFrame:
    user, movie = _rated_pairs(rng, len(liked), len(traits))
    bias = rng.normal(3.65, 0.35, len(liked))[user] + rng.normal(0, 0.35, len(traits))[movie]
    liking = 0.8 * (liked[user] * traits[movie]).sum(axis=1)
    score = bias + liking + rng.normal(0, 0.55, len(user))
    stars = np.clip(np.rint(score), 1, 5).astype(np.int64)
    first_visit = rng.integers(956_700_000, 1_046_000_000, len(liked))
    time = first_visit[user] + rng.integers(0, 7200, len(user))
    return pl.DataFrame({"user": user + 1, "movie": ids[movie], "stars": stars, "time": time})


def _rated_pairs(rng: Rng, users: int, movies: int) -> tuple[Ints, Ints]:
    """User and movie of every rating: a log-normal number a user, popular movies first."""
    arrivals = rng.standard_exponential((users, movies)) / rng.permutation(planted.zipf(movies, 1))
    wanted = FEWEST_RATINGS + rng.lognormal(3.2, 1.1, users).astype(np.int64)
    rated = np.arange(movies) < np.minimum(wanted, max(FEWEST_RATINGS, movies // 2))[:, None]
    return np.nonzero(rated)[0], np.argsort(arrivals, axis=1)[rated]


def _listing(movies: pl.DataFrame) -> pl.DataFrame:
    title = pl.format("{} ({})", "title", "year")
    return movies.select("movie", title, pl.col("genres").str.replace_all(", ", "|"))


def _details(movies: pl.DataFrame) -> pl.DataFrame:
    # The original file lacks a few movies too.
    known = movies.filter(pl.int_range(pl.len()) % 50 != 7)
    return known.with_columns(pl.col("genres").str.replace("Children's", "Family"))


def _write(path: Path, table: pl.DataFrame, encoding: str = "utf-8", end: str = "\n") -> None:
    lines = table.select(pl.concat_str(pl.all(), separator="::")).to_series()
    with atomic_path(path) as unfinished:
        unfinished.write_bytes("".join(f"{line}{end}" for line in lines).encode(encoding))
