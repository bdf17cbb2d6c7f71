"""The record of a split; what reads it depends on no partition code."""

from pydantic import BaseModel


class SplitRecord(BaseModel):
    """What a split is, and the hash by which results name it."""

    sha256: str
    seed: int
    users: int
    interactions: int
    users_by_fold: dict[str, int]
    users_by_group: dict[str, int]
    common_value_share: dict[str, float]

    def __str__(self) -> str:
        """Render as a log line."""
        counts = self.users_by_fold | self.users_by_group
        named = ", ".join(f"{n:,} {name}" for name, n in counts.items())
        return (
            f"{self.users:,} cold users ({named}) with {self.interactions:,} interactions, "
            f"split {self.sha256[:12]}"
        )
