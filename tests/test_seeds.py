"""Seeds and keys: the same on every machine, for ever, whatever else is drawn."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.seeds import combine_keys, derive_seed, hash_keys

NAMES = pl.Series("user", ["1", "2", "10", "1"])
MASK = 2**64 - 1
# Of UTF-8, as by default, which hypothesis would find by encoding every character there is.
TEXT = st.characters(exclude_categories=["Cs"])


def splitmix64(state: int) -> int:
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
    return state ^ (state >> 31)


def from_b2sum(printed: str) -> int:
    """Read what e.g. `printf 0/folds | b2sum -l 64` prints as a little-endian number."""
    return int.from_bytes(bytes.fromhex(printed), "little")


def test_seeds_are_the_known_ones() -> None:
    assert derive_seed(0) == from_b2sum("842b7d9d43cddf75") // 2 == 4246866556266386882
    assert derive_seed(0, "folds") == from_b2sum("da0e94b815d3f5ec") // 2 == 8537392826244794221
    assert derive_seed(0, "parts") == from_b2sum("ac5d985ed6b45181") // 2 == 4659213968404655830
    assert derive_seed(1, "epoch", 3) == from_b2sum("db6034c4209164e3") // 2 == 8192690457098727533


@given(st.integers(), st.lists(st.text(TEXT, max_size=5) | st.integers(), max_size=3))
def test_seeds_have_63_bits(seed: int, labels: list[str | int]) -> None:
    assert 0 <= derive_seed(seed, *labels) < 2**63


def test_seeds_differ_by_seed_label_and_order_of_labels() -> None:
    seeds = [
        derive_seed(0, "a", "b"),
        derive_seed(1, "a", "b"),
        derive_seed(0, "b", "a"),
        derive_seed(0, "a"),
        derive_seed(0, "ab"),
        derive_seed(0, "a", 1),
        derive_seed(0, "a", 2),
    ]
    assert len(set(seeds)) == len(seeds)


def test_keys_are_the_known_ones() -> None:
    one, two, ten = map(from_b2sum, ("fff5c97a89ef47cc", "8de11d018e1c15e1", "3dc55ac00f72fac3"))
    assert one == 14719997280833369599
    assert hash_keys(NAMES, 0).to_list() == [one, two, ten, one]
    assert hash_keys(NAMES, 1)[0] == from_b2sum("60b68d34e27ffb77") == 8645644519188837984


def test_keys_are_unsigned_and_a_row_each() -> None:
    keys = hash_keys(NAMES, 0)
    assert (keys.dtype, len(keys)) == (pl.UInt64(), 4)


@given(st.lists(st.text(TEXT, max_size=4), max_size=8), st.data())
def test_a_key_depends_on_its_name_alone(names: list[str], data: st.DataObject) -> None:
    keys = dict(zip(names, hash_keys(pl.Series(names, dtype=pl.String), 5), strict=True))
    some = data.draw(st.permutations(names))[: len(names) // 2]
    expected = [keys[name] for name in some]
    assert hash_keys(pl.Series(some, dtype=pl.String), 5).to_list() == expected


def test_combining_with_zero_gives_the_published_splitmix64_sequence() -> None:
    """The first outputs of splitmix64 from state 0, as its author publishes them."""
    zero = pl.Series([0, 0, 0], dtype=pl.UInt64)
    step = pl.Series([1, 2, 3], dtype=pl.UInt64)
    assert combine_keys(zero, step).to_list() == [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
    ]


@given(st.lists(st.tuples(st.integers(0, MASK), st.integers(0, MASK)), max_size=5))
def test_keys_are_combined_row_by_row(pairs: list[tuple[int, int]]) -> None:
    left = pl.Series([pair[0] for pair in pairs], dtype=pl.UInt64)
    right = pl.Series([pair[1] for pair in pairs], dtype=pl.UInt64)
    expected = [splitmix64((a + b * 0x9E3779B97F4A7C15) & MASK) for a, b in pairs]
    assert combine_keys(left, right).to_list() == expected


def test_which_key_is_left_matters() -> None:
    one, two = (pl.Series([key], dtype=pl.UInt64) for key in (1, 2))
    assert combine_keys(one, two)[0] != combine_keys(two, one)[0]
