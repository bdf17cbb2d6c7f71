"""Six users, four items and a few bad rows, small enough to count by hand."""

import polars as pl

from pipeline_lib.data.clean.report import CleaningReport, FeatureCount, count_file
from pipeline_lib.partition.summary import SplitSummary
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.data_report.report import About, Cleaned, Kept, report_data
from pipeline_lib.schemas.clean import REJECTS
from pipeline_lib.schemas.columns import types
from pipeline_lib.settings.partition import Partition
from pipeline_lib.settings.task import RatingTask

HOSTILE = "<script>alert('1')</script>&amp;\x1b\N{RIGHT-TO-LEFT OVERRIDE}"
SPLIT = "0123456789abcdef"

# u4 has a blank age, u5 no rating and u6 too many of them.
USERS = pl.DataFrame(
    {
        "user": ["u1", "u2", "u3", "u4", "u5", "u6"],
        "gender": ["F", "F", "M", "F", "M", "F"],
        "age": ["18", "25", "18", None, "25", "18"],
        "problem": [None, None, None, "age is blank", None, None],
    }
)
ITEMS = pl.DataFrame(
    {"item": ["i1", "i2", "i3", "i4"], "genre": [["a", "b"], ["a"], [], ["c"]]},
    schema_overrides={"genre": pl.List(pl.String)},
)
RATINGS = {
    "u1": [5, 4],
    "u2": [3, 3],
    "u3": [1, 5, 2],
    "u4": [4],
    "u6": [5, 5, 5, 4],
}
KEPT_USERS = pl.DataFrame(
    {
        "user": ["u1", "u2", "u3"],
        "fold": ["train", "validation", "test"],
        "group": ["major", "minor", "major"],
    }
)


def ratings() -> pl.DataFrame:
    rows = [(u, f"i{n}", float(r)) for u, rs in RATINGS.items() for n, r in enumerate(rs, start=1)]
    schema = {"user": pl.String, "item": pl.String, "target": pl.Float32}
    return pl.DataFrame(rows, schema=schema, orient="row")


def kept_ratings() -> pl.DataFrame:
    """Keep the three users' ratings; each one's first is to be judged on."""
    part = pl.when(pl.col("item") == "i1").then(pl.lit("query")).otherwise(pl.lit("support"))
    return ratings().join(KEPT_USERS, on="user").drop("group").with_columns(part.alias("part"))


def rejects(rows: int = 7) -> pl.DataFrame:
    """Reject ratings, the last line first, and one line of another shape."""
    bad = [("ratings.dat", 10 + n, "stars", "above 5", f"row {n}") for n in reversed(range(rows))]
    shape = ("ratings.dat", 3, None, "line has not 4 fields", HOSTILE + "x" * 300)
    return pl.DataFrame([*bad, shape] if rows else [], schema=types(REJECTS), orient="row")


def cleaning(bad: pl.DataFrame) -> CleaningReport:
    age = {"name": "age", "kind": "categorical", "problems": {"blank": 1}}
    gender = {"name": "gender", "kind": "categorical", "problems": {}}
    genre = {"name": "genre", "kind": "multi-valued", "problems": {"blank": 1}}
    return CleaningReport(
        item_features=["genre", "rate"],
        features_left_out=["director"],
        files=[
            count_file("users.dat", 6, bad.lazy().filter(file="users.dat"), {}),
            count_file("ratings.dat", 12, bad.lazy().filter(file="ratings.dat"), {}),
        ],
        user_values=[
            FeatureCount(**gender, rows=6, known=6, values=2),
            FeatureCount(**age, rows=6, known=5, values=2),
        ],
        item_values=[FeatureCount(**genre, rows=4, known=3, values=3)],
        users=6,
        sound_users=5,
        items=4,
        items_without_row=1,
        interactions=12,
    )


def small_report(
    bad: pl.DataFrame | None = None,
    kept: pl.DataFrame | None = None,
    also_trained_on: int = 0,
    **changes: object,
) -> DataReport:
    """Report the data above, some fields changed afterwards."""
    bad = rejects() if bad is None else bad
    record = SplitSummary(
        sha256=SPLIT,
        seed=0,
        clean_users=6,
        users_dropped={
            "age is blank": 1,
            "no interactions": 1,
            "not among the 80 % with fewest interactions": 1,
        },
        users=3,
        items=3,
        interactions=7,
        users_by_fold={"train": 1, "validation": 1, "test": 1},
        users_by_group={"major": 2, "minor": 1},
        common_value_share={"gender": 2 / 3, "age": 0.25},
        also_trained_on=also_trained_on,
    )
    report = report_data(
        About(
            dataset="movielens",
            title="MovieLens-1M",
            licence="research only",
            sample=False,
            of_paper=True,
            task=RatingTask(scale=(1, 5)),
            rules=Partition(major_features=1),
        ),
        Cleaned(USERS, ITEMS, ratings().lazy(), bad.lazy(), cleaning(bad)),
        Kept(KEPT_USERS, (kept_ratings() if kept is None else kept).lazy(), record),
    )
    return report.model_copy(update=changes)
