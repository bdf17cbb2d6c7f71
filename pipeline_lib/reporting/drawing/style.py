"""How figures look: widths, type, the colours of methods, and the marks of groups of users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline_lib.evaluation.comparison import MethodResult
from pipeline_lib.schemas.columns import GROUPS

if TYPE_CHECKING:
    from matplotlib.patches import Patch

PAGE = 7.0  # inches, the width of a journal's two columns
INK, MIDDLE, FAINT = "#1a1a1a", "#6e6e6e", "#dcdcdc"
SMALL, TITLE = 6.5, 8.0  # points
STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MIDDLE,
    "axes.labelcolor": INK,
    "axes.labelpad": 2,
    "axes.labelsize": 7,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 3,
    "axes.titlesize": 7.5,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "figure.titlesize": TITLE,
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is the same everywhere
    "font.size": 7,
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "hatch.linewidth": 0.5,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "svg.fonttype": "path",
    "text.color": INK,
    "text.parse_math": False,  # a dollar in a label is a dollar
    "xtick.color": MIDDLE,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 7,
    "xtick.major.size": 2.5,
    "xtick.minor.size": 1.5,
    "ytick.color": MIDDLE,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 7,
    "ytick.major.size": 2.5,
    "ytick.minor.size": 1.5,
}
# No two are near to each other for eyes without red or green cones either.
# A marker is a letter, or a star's or polygon's corners, form and angle.
Marker = str | tuple[int, int, int]
KINDS: dict[str, tuple[str, Marker]] = {
    "global-mean": ("#b8b8b8", "v"),
    "user-mean": ("#888888", "^"),
    "item-mean": ("#545454", "s"),
    "two-bias": ("#202020", "D"),
    "matrix-factorisation": ("#6078fc", "8"),
    "transfer": ("#e7ad17", "P"),
    "melu": ("#0079a0", "o"),
    "meta-sgd": ("#1a8154", "X"),
    "paml": ("#6b2660", "<"),
    "at-paml": ("#ed490d", ">"),
    "reg-paml": ("#12236d", "h"),
    "shared-paml": ("#900000", "H"),
    "effects-melu": ("#90cc78", (4, 1, 0)),
    "effects-paml": ("#a8c0fc", (6, 1, 0)),
    "effects-ridge": ("#0000fc", (5, 0, 180)),
}
OTHER_COLOURS = ("#a8d8a0", "#c77cff", "#8a5a2b")
OTHER_MARKERS: tuple[Marker, ...] = ("d", "p", "*", (3, 1, 0), (3, 1, 180), (7, 1, 0), (8, 1, 0))
TINTS = (0.0, 0.3, 0.45, 0.6, 0.2, 0.53, 0.38)
DASHES = (
    "-",
    (0, (4, 1.2)),
    (0, (1.2, 1)),
    (0, (4, 1, 1, 1)),
    (0, (7, 1.5)),
    (0, (2.5, 1)),
    (0, (6, 1, 1, 1, 1, 1)),
)


@dataclass(frozen=True)
class Look:
    """How a method looks in all figures."""

    colour: str
    marker: Marker
    line: Any


def looks(methods: Sequence[MethodResult]) -> dict[str, Look]:
    """Return by method its kind's colour and marker; variants of a kind differ in tint and line.

    The kind's own colour is that of its first method that is not an ablation. Kinds unknown here
    have few colours between them, and markers, tints and lines of their own.
    """
    kinds = list(dict.fromkeys(m.kind for m in methods))
    unknown = [kind for kind in kinds if kind not in KINDS]
    found = {}
    for kind in kinds:
        same = sorted((m for m in methods if m.kind == kind), key=lambda m: m.role == "ablation")
        number = unknown.index(kind) if kind in unknown else 0
        other = OTHER_COLOURS[number % len(OTHER_COLOURS)]
        marked = OTHER_MARKERS[number % len(OTHER_MARKERS)]
        colour, marker = KINDS.get(kind, (other, marked))
        for place, method in enumerate(same, start=number // len(OTHER_COLOURS)):
            tint, line = TINTS[place % len(TINTS)], DASHES[place % len(DASHES)]
            found[method.name] = Look(lighten(colour, tint), marker, line)
    return found


def lighten(colour: str, share: float) -> str:
    """Mix a colour, such as `#1a1a1a`, with white, `share` of it."""
    parts = bytes.fromhex(colour[1:])
    return "#" + bytes(round(part + (255 - part) * share) for part in parts).hex()


# Groups are told apart by colour, lightness and hatching.
FACES = {"major": "#33415c", "minor": "#e9b872"}
EDGES = {"major": "#1c2536", "minor": "#8c5a14"}
HATCHES = {"major": None, "minor": "//////"}
MARKERS = {"major": "o", "minor": "^"}


def fill(group: str) -> dict[str, Any]:
    """Return how an area that stands for a group is filled."""
    return {
        "facecolor": FACES[group],
        "edgecolor": EDGES[group],
        "hatch": HATCHES[group],
        "linewidth": 0.6,
    }


def group_handles(users: Mapping[str, int]) -> list["Patch"]:
    """Return a legend's entries for groups, with the number of users of each."""
    from matplotlib.patches import Patch

    return [Patch(**fill(group), label=group_label(group, n)) for group, n in users.items()]


def group_label(group: str, users: int) -> str:
    """Return a group's name in a legend, with its number of users."""
    return f"{group} users (n = {users:,})"


def shown_groups(frame: pl.DataFrame) -> list[str]:
    """Return the groups that a frame has, major users first."""
    groups = set(frame["group"])
    return [group for group in GROUPS if group in groups]


def count_users(frame: pl.DataFrame) -> dict[str, int]:
    """Return the number of a frame's users by group."""
    return {g: frame.filter(group=g)["user"].n_unique() for g in shown_groups(frame)}
