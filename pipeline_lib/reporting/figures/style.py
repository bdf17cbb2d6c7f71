"""How figures look: widths, type, and the colours of methods."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.colors import to_hex, to_rgb

from pipeline_lib.evaluation.comparison import MethodResult

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
OTHER_KINDS: tuple[tuple[str, Marker], ...] = (("#a8d8a0", "d"), ("#c77cff", "p"), ("#8a5a2b", "*"))
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
    """Give each method its kind's colour and marker; variants of a kind differ in tint and line.

    The kind's own colour is that of its first method that is not an ablation.
    """
    kinds = list(dict.fromkeys(m.kind for m in methods))
    unknown = [kind for kind in kinds if kind not in KINDS]
    found = {}
    for kind in kinds:
        same = sorted((m for m in methods if m.kind == kind), key=lambda m: m.role == "ablation")
        colour, marker = KINDS.get(kind) or OTHER_KINDS[unknown.index(kind) % len(OTHER_KINDS)]
        for place, method in enumerate(same):
            tint, line = TINTS[place % len(TINTS)], DASHES[place % len(DASHES)]
            found[method.name] = Look(lighten(colour, tint), marker, line)
    return found


def lighten(colour: str, share: float) -> str:
    """Mix a colour with white, `share` of it."""
    red, green, blue = (part + (1 - part) * share for part in to_rgb(colour))
    return to_hex((red, green, blue))
