"""Every protocol with its rules, and random logs with times to try them on."""

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import strategies as st

from pipeline_lib.partition.split import Split, partition
from pipeline_lib.schemas.columns import TIME
from pipeline_lib.settings.partition import Partition

START = datetime(2020, 1, 1, tzinfo=UTC)
CUT = START + timedelta(days=5)  # days of rows are 0 to 9
SHARED = {"cold_share": 1, "folds": {"train": 2, "validation": 1, "test": 1}, "major_features": 1}
PROTOCOLS: dict[str, dict[str, object]] = {
    "the paper's": {"cold_share": 0.8},
    "k support rows, the rest query": {"support": {"rows": 3}},
    "k support rows, n query rows": {"support": {"rows": 2}, "query": {"rows": 2}},
    "n query rows of users of a range": {
        "min_interactions": 3,
        "max_interactions": 6,
        "query": {"rows": 2},
    },
    "one drawn row left out": {"query": {"rows": 1}},
    "the last row left out": {"query": {"rows": 1}, "parts_by": "time"},
    "the first k rows by time": {"support": {"rows": 3}, "parts_by": "time"},
    "the first k rows and the next n": {
        "support": {"rows": 2},
        "query": {"rows": 1},
        "parts_by": "time",
    },
    "a share by time": {"query_share": 0.4, "parts_by": "time"},
    "a cut": {"cut": CUT},
    "a cut, and by time before it": {"cut": CUT, "parts_by": "time"},
}
EVERYONE = {
    f"{name}, learned from everyone": {**rules, "learn_from": "everyone"}
    for name, rules in PROTOCOLS.items()
}
ALL = PROTOCOLS | EVERYONE

# Of each user: the day of each row.
Log = dict[str, list[int]]
# Enough users for three folds by every protocol.
ALWAYS: Log = {f"always{n}": [0, 1, 2, 6, 7] for n in range(6)}
LOGS = st.dictionaries(
    st.text("abc", min_size=1, max_size=3), st.lists(st.integers(0, 9), max_size=8), max_size=8
).map(lambda log: {**log, **ALWAYS})


def rules_with(**rules: object) -> Partition:
    return Partition.model_validate(SHARED | rules)


def rules_of(protocol: str) -> Partition:
    return rules_with(**ALL[protocol])


def users_of(log: Log) -> pl.DataFrame:
    """Users whose names begin with c have a wrong feature."""
    rows = [
        (user, "FM"[n % 2], "age is blank" if user.startswith("c") else None)
        for n, user in enumerate(sorted(log))
    ]
    schema = dict.fromkeys(["user", "gender", "problem"], pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def rows_of(log: Log) -> pl.DataFrame:
    """Return the rows of a log; a user's n-th row is with the n-th item."""
    rows = [
        (user, f"i{n}", float(1 + n % 5), START + timedelta(days=day))
        for user, days in log.items()
        for n, day in enumerate(days)
    ]
    schema = ["user", "item", "target", "time"]
    strings = pl.DataFrame(
        rows, schema, schema_overrides=dict.fromkeys(schema[:2], pl.String), orient="row"
    )
    return strings.with_columns(pl.col("target").cast(pl.Float32), pl.col("time").cast(TIME))


def split_of(log: Log, rules: Partition, seed: int = 0) -> Split:
    return partition(users_of(log), rows_of(log).lazy(), ["gender"], rules, seed)
