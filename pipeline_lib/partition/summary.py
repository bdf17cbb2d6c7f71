"""The summary of a split; what reads it depends on no partition code."""

from operator import not_

from pydantic import BaseModel, Field


class ColdBorder(BaseModel):
    """Users with as many interactions, some among the cold share and some not, drawn by the seed.

    interactions: of each. kept: of these users, those among the share.
    """

    interactions: int
    users: int
    kept: int

    def __str__(self) -> str:
        """Return it as part of a sentence."""
        return (
            f"of {self.users:,} users with {self.interactions:,} interactions at the border, "
            f"{self.kept:,} are kept, drawn by the split seed"
        )


class NegativeCount(BaseModel):
    """The rows without a click that were drawn.

    missing: rows that could not be, since users have all other items; short_users: these users.
    """

    drawn: int
    missing: int
    short_users: int

    def __str__(self) -> str:
        """Return it as part of a sentence."""
        short = f", {self.missing:,} too few for {self.short_users:,} users" if self.missing else ""
        return f"{self.drawn:,} rows without a click drawn by the split seed{short}"


class SplitSummary(BaseModel):
    """What a split holds, and the hash by which results name it.

    clean_users: those before the partition; users_dropped: of them, by reason; users: the others.
    cold_border: None where no ties were drawn. interactions: of these users, negatives among them.
    items: those that these interactions are with. only_learned_from: the users among them that
    are in training and may not be judged. rows_left_out: their interactions that take no part, by
    reason. tied_users: those with support and query rows of one time, drawn.
    also_trained_on: the users of the test fold that are in training as well, with other rows. The
    last four are not written where they are nothing.
    """

    sha256: str
    seed: int
    clean_users: int
    users_dropped: dict[str, int]
    cold_border: ColdBorder | None = None
    negatives: NegativeCount | None = None
    users: int
    items: int
    interactions: int
    users_by_fold: dict[str, int]
    users_by_group: dict[str, int]
    common_value_share: dict[str, float]
    only_learned_from: int = Field(0, exclude_if=not_)
    rows_left_out: dict[str, int] = Field({}, exclude_if=not_)
    tied_users: int = Field(0, exclude_if=not_)
    also_trained_on: int = Field(0, exclude_if=not_)

    @property
    def protocol_notes(self) -> list[str]:
        """Return what the protocol left out, added or drew, in sentences without a full stop."""
        notes = [f"{rows:,} rows left out: {why}" for why, rows in self.rows_left_out.items()]
        if self.only_learned_from:
            notes.append(f"{self.only_learned_from:,} users are learned from and not judged on")
        if self.also_trained_on:
            notes.append(
                f"{self.also_trained_on:,} users are judged, and in training with other rows"
            )
        if self.tied_users:
            notes.append(
                f"{self.tied_users:,} users have support and query rows of one time, drawn by the "
                "split seed"
            )
        return notes

    def __str__(self) -> str:
        """Return it as a line of a log."""
        dropped = "".join(f", {n:,} {reason}" for reason, n in self.users_dropped.items())
        counts = self.users_by_fold | self.users_by_group
        named = ", ".join(f"{n:,} {name}" for name, n in counts.items())
        border = f"; {self.cold_border}" if self.cold_border else ""
        drawn = f", {self.negatives}" if self.negatives else ""
        notes = "".join(f"; {note}" for note in self.protocol_notes)
        return (
            f"{self.clean_users:,} users: {self.users:,} kept{dropped}{border}; "
            f"{self.interactions:,} interactions with {self.items:,} items{drawn}{notes}; {named}; "
            f"split {self.sha256[:12]}"
        )
