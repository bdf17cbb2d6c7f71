"""The summary of a split; what reads it depends on no partition code."""

from pydantic import BaseModel


class SplitSummary(BaseModel):
    """What a split holds, and the hash by which results name it.

    clean_users: those before the partition; users_dropped: of them, by reason; users: the others.
    items: those that these users' interactions are with.
    """

    sha256: str
    seed: int
    clean_users: int
    users_dropped: dict[str, int]
    users: int
    items: int
    interactions: int
    users_by_fold: dict[str, int]
    users_by_group: dict[str, int]
    common_value_share: dict[str, float]

    def __str__(self) -> str:
        """Return it as a line of a log."""
        dropped = "".join(f", {n:,} {reason}" for reason, n in self.users_dropped.items())
        counts = self.users_by_fold | self.users_by_group
        named = ", ".join(f"{n:,} {name}" for name, n in counts.items())
        return (
            f"{self.clean_users:,} users: {self.users:,} kept{dropped}; {self.interactions:,} "
            f"interactions with {self.items:,} items; {named}; split {self.sha256[:12]}"
        )
