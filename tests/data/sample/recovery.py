"""Hand-made statistics that recover planted preferences from generated logs."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def multi_hot(values: Sequence[Sequence[str]]) -> Floats:
    labels = sorted({label for row in values for label in row})
    return np.array([[float(label in row) for label in labels] for row in values])


def most_of_each(user: Ints) -> Bools:
    """Choose a random 80 % of each user's rows."""
    order = np.random.default_rng(0).permutation(len(user))
    rows = order[np.argsort(user[order], kind="stable")]
    counts = np.bincount(user)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen = np.zeros(len(rows), dtype=bool)
    chosen[rows] = place < 0.8 * counts[user[rows]]
    return chosen


def without_biases(target: Floats, sides: Sequence[Ints], support: Bools) -> Floats:
    """Take off what the support rows' mean, and then the bias of each side, explain."""
    rest: Floats = target - target[support].mean()
    for row in sides:
        total = np.bincount(row[support], rest[support], row.max() + 1)
        rest = rest - (total / (np.bincount(row[support], minlength=row.max() + 1) + 1))[row]
    return rest


def personal_error(
    traits: Floats, unexplained: Floats, user: Ints, support: Bools, penalty: float = 2
) -> float:
    """Query MSE after a ridge fit on each user's own support rows."""
    rest = unexplained.copy()
    for one in range(user.max() + 1):
        mine = user == one
        weights = _ridge(traits[mine & support], unexplained[mine & support], penalty)
        rest[mine] -= traits[mine] @ weights
    return float((rest[~support] ** 2).mean())


def profile_error(
    profiles: Floats, traits: Floats, unexplained: Floats, support: Bools, penalty: float = 20
) -> float:
    """Query MSE after one ridge fit, for all users, of profile values times traits."""
    crossed = (profiles[:, :, None] * traits[:, None, :]).reshape(len(traits), -1)
    weights = _ridge(crossed[support], unexplained[support], penalty)
    return float(((unexplained - crossed @ weights)[~support] ** 2).mean())


def _ridge(x: Floats, y: Floats, penalty: float) -> Floats:
    return np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y).astype(np.float64)
