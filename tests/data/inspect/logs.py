"""Logs in the shapes that public ones have."""

import json
import random
from collections.abc import Callable
from pathlib import Path


def ratings_and_movies(folder: Path) -> list[Path]:
    """Two CSV files with quoted titles, genres joined by `|`, half stars and seconds."""
    draw = random.Random(1)  # noqa: S311
    ratings = ["userId,movieId,rating,timestamp"]
    for user in range(1, 121):
        for movie in draw.sample(range(1, 61), 5 + user % 9):
            stars = min(5, max(0.5, (draw.randrange(1, 11) + movie % 3) / 2))
            ratings.append(f"{user},{movie},{stars},{964_980_000 + draw.randrange(10**8)}")
    kinds = ["Comedy", "Drama", "Horror", "War"]
    movies = ["movieId,title,genres"]
    movies += [
        f'{n},"Film {n}, the (19{n % 90 + 10})",{"|".join(draw.sample(kinds, 1 + n % 3))}'
        for n in range(1, 61)
    ]
    return write(folder, {"ratings.csv": ratings, "movies.csv": movies})


def play_counts(folder: Path) -> list[Path]:
    """JSON lines of plays up to 160,000, users and tracks within others, some lines twice."""
    draw = random.Random(2)  # noqa: S311
    plays = []
    for user in range(120):
        for track in draw.sample(range(50), 6 + user % 8):
            count = round(10 ** draw.uniform(0, 3)) if track else 160_000 - user
            plays.append(
                {
                    "user": {"id": f"u{user:03}", "country": ["se", "dk", "fi"][user % 3]},
                    "track": {"id": f"t{track}", "tags": ["rock"] * (track % 2) + ["new"]},
                    "plays": count,
                    "ts": f"2020-0{1 + user % 9}-11T10:00:00Z",
                }
            )
    lines = [json.dumps(record) for record in [*plays, *plays[:40]]]
    return write(folder, {"plays.jsonl": lines})


def half_stars_and_flags(folder: Path) -> list[Path]:
    """Text split at semicolons, a file of users with ages, and films whose kinds are 0 and 1."""
    draw = random.Random(3)  # noqa: S311
    kinds = ["action", "drama", "horror"]
    films = ["film;name;" + ";".join(kinds)]
    films += [f"f{n};Nom é {n};{n % 2};{(n + 1) % 2};{n % 3 // 2}" for n in range(60)]
    people = ["person;sex;age;job"]
    people += [
        f"p{n};{'FM'[n % 2]};{18 + n * 7 % 60};{['clerk', 'nurse', '', 'cook'][n % 4]}"
        for n in range(120)
    ]
    grades = ["person;film;grade;day"]
    grades += [
        f"p{person};f{film};{draw.randrange(1, 11) / 2};2021-03-{1 + film % 28:02}"
        for person in range(120)
        for film in draw.sample(range(60), 6 + person % 5)
    ]
    return write(folder, {"grades.txt": grades, "people.txt": people, "films.txt": films})


LOGS: dict[str, Callable[[Path], list[Path]]] = {
    "ratings-and-movies": ratings_and_movies,
    "play-counts": play_counts,
    "half-stars-and-flags": half_stars_and_flags,
}


def write(folder: Path, files: dict[str, list[str]]) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return [folder / name for name in files]
