"""Logs in the commonest public shape: ratings.csv and movies.csv, as MovieLens-latest-small is."""

import random
from pathlib import Path
from typing import Any

GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance")
RATINGS: dict[str, Any] = {
    "file": "ratings.csv",
    "user": "userId",
    "item": "movieId",
    "target": "rating",
    "time": {"column": "timestamp", "unit": "seconds"},
}
DATASET: dict[str, Any] = {
    "title": "Ratings and movies",
    "licence": "generated",
    "folder": "ml-latest-small",
    "task": {"kind": "rating", "scale": [0.5, 5]},
    "items": {"file": "movies.csv", "item": "movieId"},
    "interactions": RATINGS,
    "item_features": {"genres": {"kind": "multi-valued", "separator": "|"}},
}
BARE = {key: value for key, value in DATASET.items() if not key.startswith("item")}


def write_ratings_and_movies(folder: Path, users: int = 150, movies: int = 60) -> None:
    """Write half stars of users who each like one genre; times are seconds."""
    dice = random.Random(7)  # noqa: S311 - no secret
    folder.mkdir(parents=True)
    genres = {7 * n: dice.sample(GENRES, dice.randint(1, 3)) for n in range(1, movies + 1)}
    lines = [f'{m},"Film {m}, The (1999)",{"|".join(own)}' for m, own in genres.items()]
    _write(folder / "movies.csv", "movieId,title,genres", lines)
    rows = []
    for user in range(1, users + 1):
        liked = dice.choice(GENRES)
        for movie in dice.sample(sorted(genres), dice.randint(8, 30)):
            stars = 2.8 + 1.4 * (liked in genres[movie]) + dice.gauss(0, 0.5)
            half_stars = min(5.0, max(0.5, round(2 * stars) / 2))
            rows.append(f"{user},{movie},{half_stars},{964_980_000 + dice.randrange(10**8)}")
    _write(folder / "ratings.csv", "userId,movieId,rating,timestamp", rows)


def _write(path: Path, header: str, lines: list[str]) -> None:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
