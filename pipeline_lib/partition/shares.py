"""Shares as they are written."""

from fractions import Fraction


def exact(share: float) -> Fraction:
    """Read a share as the decimal that was written: 0.3 of 10 is 3, not 3.0000000000000004."""
    return Fraction(str(share))
