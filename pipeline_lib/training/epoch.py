"""What one pass over the training users gave."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """What one pass over the training users gave.

    seconds: wall-clock, training alone. measures: what the method reports besides. watched: what
    is seen from outside, such as gradients, validation metrics and memory.
    """

    epoch: int
    train_loss: float
    validation_loss: float
    seconds: float
    measures: dict[str, float]
    watched: dict[str, float]

    def figures(self) -> dict[str, float]:
        """List all numbers by name; what stands before a `/` brings together what is alike."""
        own = {
            "train/loss": self.train_loss,
            "validation/loss": self.validation_loss,
            "epoch/seconds": self.seconds,
        }
        return own | {f"method/{name}": x for name, x in self.measures.items()} | self.watched

    def __str__(self) -> str:
        """Render as a log line."""
        measures = "".join(f", {name} {value:.4g}" for name, value in self.measures.items())
        return (
            f"epoch {self.epoch:>2}: training loss {self.train_loss:.4f}, "
            f"validation loss {self.validation_loss:.4f}, {self.seconds:.1f} s{measures}"
        )


def best_epoch(history: list[Epoch]) -> Epoch:
    """Find the epoch with the lowest loss on validation users, the first of equals."""
    return min(history, key=lambda epoch: epoch.validation_loss)
