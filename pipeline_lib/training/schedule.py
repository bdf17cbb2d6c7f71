"""The outer learning rate in the course of a training."""

import math
from typing import Literal

RISING, FIRST = 0.3, 1 / 25


def rate_share(schedule: Literal["constant", "one-cycle"], done: float) -> float:
    """Tell which share of the outer rate holds when a share `done` of all steps is taken.

    one-cycle: a line from 1/25 up to 1 at three tenths, then half a cosine down to 0 (Smith 2018).
    """
    if schedule == "constant":
        return 1.0
    if done < RISING:
        return FIRST + (1 - FIRST) * done / RISING
    return (1 + math.cos(math.pi * (done - RISING) / (1 - RISING))) / 2
