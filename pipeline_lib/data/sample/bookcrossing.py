"""Generated sample logs in the raw layout of BookCrossing, with the dirt of the real ones."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import polars as pl
from scipy.special import ndtri

from pipeline_lib.data.sample import planted
from pipeline_lib.data.sample.planted import Floats, Ints, Rng
from pipeline_lib.data.sample.regions import ODD_LOCATIONS, REGIONS
from pipeline_lib.settings.dataset import SampleLogs
from pipeline_lib.storage.tables import atomic_path

IMPLICIT = 0.6
# Of the real log's explicit ratings, from 1 to 10.
RATING_SHARES = (0.004, 0.006, 0.013, 0.020, 0.107, 0.083, 0.177, 0.245, 0.161, 0.184)
DECADES = np.array([20, 30, 40, 50, 10, 60, 70])
NEWEST = 2004
ODD_AGES = ("NULL", "NULL", "NULL", "NULL", "NULL", '"0"', '"1"', '"239"')
PUBLISHERS = (
    ["Amberley", "Bexhill", "Corvane", "Éditions Dorval", "Ellery", "Fenwick", "Garnet", "Lübbert"],
    ["Books", "House", "Press", "& Sons", "Verlag", "& Company", "Paperbacks", "Classics"],
)
IMAGE = "http://images.amazon.com/images/P/{}.01.{}.jpg"
USER_COLUMNS = ("User-ID", "Location", "Age")
RATING_COLUMNS = ("User-ID", "ISBN", "Book-Rating")
BOOK_COLUMNS = (
    *("ISBN", "Book-Title", "Book-Author", "Year-Of-Publication", "Publisher"),
    *("Image-URL-S", "Image-URL-M", "Image-URL-L"),
)


def write_sample_bookcrossing(files: Mapping[str, Path], sample: SampleLogs) -> None:
    """Write the files `users`, `items_1` and `interactions`.

    Explicit ratings follow a planted model: a user belongs to one of four hidden groups with
    opposed tastes, which state, country and age hint at; a book's year and publisher carry the
    traits the groups like or dislike; user bias, book bias and noise are added, and the sum is
    cut into ratings with the real log's shares. At most one user in ten has a location or an age
    that is missing or odd.
    """
    rng = planted.stream(sample.seed)
    users, liked = _users(rng, sample.users)
    books, traits = _books(rng, sample.items)
    ratings = _ratings(rng, liked, traits, books["isbn"])
    _write(files["users"], USER_COLUMNS, users)
    _write(files["items_1"], BOOK_COLUMNS, _quoted(_listing(rng, books)))
    _write(files["interactions"], RATING_COLUMNS, _quoted(_rating_rows(rng, ratings)))


def _users(rng: Rng, users: int) -> tuple[pl.DataFrame, Floats]:
    common = rng.random(users) < planted.COMMON_USERS
    region, decade = (planted.ranks(rng, common, n) for n in (len(REGIONS), len(DECADES)))
    countries = np.unique([region.country for region in REGIONS], return_inverse=True)[1]
    cities = [rng.choice(REGIONS[one].cities) for one in region]
    where = pl.DataFrame(
        {
            "city": cities,
            "state": [REGIONS[one].state for one in region],
            "country": [REGIONS[one].country for one in region],
            "age": DECADES[decade] + rng.integers(0, 10, users),
            "slot": planted.slots(rng, users, 200),
        }
    )
    slot, odd_ages = pl.col("slot"), [pl.lit(age) for age in ODD_AGES]
    place = pl.format("{}, {}, {}", "city", "state", "country")
    location = planted.spoilt(place, slot, ODD_LOCATIONS)
    age = planted.spoilt(pl.format('"{}"', "age"), slot, odd_ages, first=len(ODD_LOCATIONS))
    user = pl.format('"{}"', pl.int_range(1, users + 1))
    table = where.select(user=user, location=pl.format('"{}"', location), age=age)
    return table, planted.tastes(rng, common, (region, countries[region], decade))


def _books(rng: Rng, books: int) -> tuple[pl.DataFrame, Floats]:
    publishers = np.clip(books // 15, 8, 64)
    publisher = rng.choice(publishers, books, p=planted.zipf(publishers, 0.7))
    age = np.minimum(rng.exponential(9, books).astype(np.int64), 50)
    traits = rng.permutation(planted.circle(publishers))[publisher]
    traits += 0.7 * planted.directions(2 * np.pi * age / 36)
    table = {
        "isbn": _isbns(rng, books),
        "title": planted.names(rng, planted.TITLES, books),
        "author": rng.permutation(planted.names(rng, planted.PEOPLE, books)),
        "year": NEWEST - age,
        "publisher": planted.names(rng, PUBLISHERS, publishers)[publisher],
        "slot": planted.slots(rng, books, 200),
    }
    isbn, slot = pl.col("isbn"), pl.col("slot")
    odd = [isbn.str.replace(".$", "x"), isbn.str.slice(1), pl.format("B0000{}", isbn.str.slice(5))]
    return pl.DataFrame(table).with_columns(
        isbn=planted.spoilt(isbn, slot, odd, first=10)
    ), planted.standardised(traits)


def _isbns(rng: Rng, books: int) -> list[str]:
    numbers = rng.choice(200_000_000, books, replace=False)
    digits = numbers[:, None] // 10 ** np.arange(8, -1, -1) % 10
    checks = (digits * np.arange(1, 10)).sum(axis=1) % 11
    return [f"{n:09d}{'0123456789X'[c]}" for n, c in zip(numbers, checks, strict=True)]


def _listing(rng: Rng, books: pl.DataFrame) -> pl.DataFrame:
    """Write the catalogue's rows: dirt of every kind in few of them, and some books left out."""
    title, author, slot = pl.col("title"), pl.col("author"), pl.col("slot")
    words = title.str.split(" ")
    first, rest = words.list.first(), words.list.slice(1).list.join(" ")
    titles = [
        pl.format('\\\\{}\\\\\\" {}\\"', first, rest),
        pl.format("{} &amp; {}", first, rest),
        pl.format("{} ; {}", first, rest),
        pl.format("FÃ?Â¼r {}", title),
    ]
    authors = [pl.lit(""), pl.format("{} &amp; {}", author, author.reverse())]
    years = [pl.lit("")] + [pl.lit("0")] * 3 + [pl.lit("2030"), pl.lit("2050")]
    publisher = pl.when(pl.Series(rng.random(len(books)) < 0.1)).then(
        pl.col("publisher").str.replace("&", "&amp;", literal=True)
    )
    sizes = {"small": "THUMBZZZ", "medium": "MZZZZZZZ", "large": "LZZZZZZZ"}
    rows = books.select(
        isbn="isbn",
        title=planted.spoilt(title, slot, titles),
        author=planted.spoilt(author, slot, authors, first=4),
        year=planted.spoilt(pl.col("year").cast(pl.String), slot, years, first=13),
        publisher=planted.spoilt(publisher.otherwise("publisher"), slot, [pl.lit("")], first=13),
        **{size: pl.format(IMAGE, "isbn", pl.lit(code)) for size, code in sizes.items()},
    )
    return rows.filter(books["slot"] < 190)


def _ratings(rng: Rng, liked: Floats, traits: Floats, isbn: pl.Series) -> pl.DataFrame:
    user, book = _rated_pairs(rng, len(liked), len(traits))
    liking = 0.7 * (liked[user] * traits[book]).sum(axis=1)
    bias = rng.normal(0, 0.45, len(liked))[user] + rng.normal(0, 0.3, len(traits))[book]
    score = liking + bias + rng.normal(0, 0.45, len(user))
    rating = 1 + np.searchsorted(ndtri(np.cumsum(RATING_SHARES)[:-1]), score)
    implicit = rng.random(len(user)) < IMPLICIT
    rated = {"user": user + 1, "isbn": isbn[book], "rating": np.where(implicit, 0, rating)}
    return pl.DataFrame(rated)


def _rated_pairs(rng: Rng, users: int, books: int) -> tuple[Ints, Ints]:
    """User and book of every row: a log-normal number a user, popular books first."""
    wanted = np.minimum(rng.lognormal(3.3, 1, users).astype(np.int64), books // 2)
    user = np.repeat(np.arange(users), wanted)
    book = rng.choice(books, len(user), p=rng.permutation(planted.zipf(books, 0.8)))
    pairs = np.unique(user * books + book)
    return pairs // books, pairs % books


def _rating_rows(rng: Rng, ratings: pl.DataFrame) -> pl.DataFrame:
    """Write the ratings' rows: junk of every kind in few ISBNs, and some rows twice."""
    isbn = pl.col("isbn")
    junk = [
        *[isbn.str.to_lowercase()] * 30,
        *[isbn.str.strip_chars_start("0")] * 5,
        *[pl.format("O{}", isbn.str.slice(1)), pl.format("N{}", isbn)],
        *[pl.format("978{}", isbn), isbn.str.slice(0, 8)],
        *[pl.format(" {}", isbn), isbn.str.replace("^(.)(...)", "${1} ${2} ")],
        *[pl.format("680ISBN{}", isbn.str.slice(4))],
    ]
    slot = pl.Series(planted.slots(rng, len(ratings), 1000))
    rows = ratings.with_columns(isbn=planted.spoilt(isbn, pl.lit(slot), junk))
    return rows[np.repeat(np.arange(len(rows)), 1 + (planted.slots(rng, len(rows), 500) == 0))]


def _quoted(table: pl.DataFrame) -> pl.DataFrame:
    return table.select(pl.format('"{}"', pl.col(name)).alias(name) for name in table.columns)


def _write(path: Path, columns: tuple[str, ...], table: pl.DataFrame) -> None:
    header = ";".join(f'"{name}"' for name in columns)
    lines = table.select(pl.concat_str(pl.all(), separator=";")).to_series()
    with atomic_path(path) as unfinished:
        unfinished.write_bytes("".join(f"{x}\r\n" for x in (header, *lines)).encode("latin-1"))
