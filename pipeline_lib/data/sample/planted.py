"""Shared by the generators of sample logs: hidden tastes, profiles that hint at them, dirt."""

from collections.abc import Sequence
from itertools import product
from string import ascii_uppercase

import numpy as np
import numpy.typing as npt
import polars as pl

Rng = np.random.Generator
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

COMMON_USERS = 0.62
TASTE_GROUPS = 4
TITLES = (
    ["Amber", "Brittle", "Crooked", "Distant", "Eager", "Gilded", "Hollow", "Idle"],
    ["Abacus", "Bellows", "Café", "Dynamo", "Gasket", "Hinge", "Inkwell", "Kettle"],
    ["after", "against", "beyond", "near", "of", "under", "versus", "without"],
    ["Arvo", "Brint", "Culm", "Dorvey", "Eskel", "Fenmoor", "Grell", "Hask"],
)
PEOPLE = (ascii_uppercase, ascii_uppercase, ["Ibbel", "Moffix", "Obbit", "Quillby", "Vex", "Zindt"])


def stream(*seeds: int) -> Rng:
    """Start the random numbers of a seed, or of one numbered stream of it."""
    return np.random.Generator(np.random.PCG64(seeds))


def ranks(rng: Rng, common: Bools, values: int) -> Ints:
    """Draw each user's value of a feature: crowded on the first ones if common, else anywhere."""
    crowded = rng.choice(values, len(common), p=zipf(values, 1.4))
    return np.where(common, crowded, rng.integers(values, size=len(common)))


def zipf(ranks: int, exponent: float) -> Floats:
    """Weigh ranks by a power law, to a sum of one."""
    weights = np.arange(1.0, ranks + 1) ** -exponent
    shares: Floats = weights / weights.sum()
    return shares


def tastes(rng: Rng, common: Bools, profile: tuple[Ints, ...]) -> Floats:
    """Draw each user's taste: a point near that of one of four groups with opposed tastes.

    The profile's values hint at the group, and the users without a common profile lean to other
    groups than those with one.
    """
    leaning = np.where(common, 1, -1)[:, None] * np.linspace(2, -2, TASTE_GROUPS)
    for value in profile:
        leaning += rng.normal(0, 0.8, (value.max() + 1, TASTE_GROUPS))[value]
    group = np.argmax(leaning + rng.gumbel(size=leaning.shape), axis=1)
    near: Floats = circle(TASTE_GROUPS)[group] + rng.normal(0, 0.3, (len(common), 2))
    return near


def circle(points: int) -> Floats:
    """Place points evenly on the unit circle."""
    return directions(2 * np.pi * np.arange(points) / points)


def directions(angles: Floats) -> Floats:
    """Return the points of the unit circle at angles in radians: `[angles, 2]`."""
    return np.column_stack([np.cos(angles), np.sin(angles)])


def standardised(traits: Floats) -> Floats:
    """Shift and scale each trait to mean 0 and variance 1."""
    scaled: Floats = (traits - traits.mean(axis=0)) / traits.std(axis=0)
    return scaled


def names(rng: Rng, words: tuple[Sequence[str], ...], count: int) -> npt.NDArray[np.str_]:
    """Return names of one word of each list, all different while the words suffice."""
    return np.resize(rng.permutation([" ".join(parts) for parts in product(*words)]), count)


def slots(rng: Rng, rows: int, number: int) -> Ints:
    """Deal rows out to numbered slots, at random and evenly."""
    dealt: Ints = rng.permutation(rows) * number // rows
    return dealt


def spoilt(clean: pl.Expr, slot: pl.Expr, kinds: Sequence[pl.Expr], first: int = 0) -> pl.Expr:
    """Replace a value by one kind of dirt in each of the slots from `first` on."""
    value = clean
    for number, kind in enumerate(kinds, first):
        value = pl.when(slot == number).then(kind).otherwise(value)
    return value
