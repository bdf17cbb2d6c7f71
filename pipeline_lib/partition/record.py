"""The record of a split; what reads it depends on no partition code."""

from pydantic import BaseModel


class SplitRecord(BaseModel):
    """What a split is, and the hash by which results name it.

    clean_users: those there were; users_dropped: by reason; the others are `users`. items: those
    that the users' interactions are with.
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
        """Render as a log line."""
        dropped = "".join(f", {n:,} {reason}" for reason, n in self.users_dropped.items())
        counts = self.users_by_fold | self.users_by_group
        named = ", ".join(f"{n:,} {name}" for name, n in counts.items())
        return (
            f"{self.clean_users:,} users: {self.users:,} kept{dropped}; {self.interactions:,} "
            f"interactions with {self.items:,} items; {named}; split {self.sha256[:12]}"
        )
