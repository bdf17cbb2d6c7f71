"""How the two groups of users are told apart: by colour, lightness and hatching."""

from collections.abc import Mapping
from typing import Any

import polars as pl
from matplotlib.patches import Patch

from pipeline_lib.schemas.columns import GROUPS

FACES = {"major": "#33415c", "minor": "#e9b872"}
EDGES = {"major": "#1c2536", "minor": "#8c5a14"}
HATCHES = {"major": None, "minor": "//////"}
MARKERS = {"major": "o", "minor": "^"}


def fill(group: str) -> dict[str, Any]:
    """Say how an area that stands for a group is filled."""
    return {
        "facecolor": FACES[group],
        "edgecolor": EDGES[group],
        "hatch": HATCHES[group],
        "linewidth": 0.6,
    }


def handles(users: Mapping[str, int]) -> list[Patch]:
    """Make the legend's entries, with the number of users of each group."""
    return [
        Patch(**fill(group), label=f"{group} users (n = {number:,})")
        for group, number in users.items()
    ]


def shown_groups(frame: pl.DataFrame) -> list[str]:
    """List the groups that a frame has, major users first."""
    groups = set(frame["group"])
    return [group for group in GROUPS if group in groups]


def count_users(frame: pl.DataFrame) -> dict[str, int]:
    """Count a frame's users by group."""
    return {g: frame.filter(group=g)["user"].n_unique() for g in shown_groups(frame)}
