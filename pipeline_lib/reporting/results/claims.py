"""Statements of a text that are rendered only where the results bear them out."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_lib.metrics.registry import find_metric
from pipeline_lib.reporting.results.numbers import Numbers, p_text
from pipeline_lib.reporting.tables.cells import SIGNIFICANT, signed


class FalseClaimError(Exception):
    """The text says what the results do not."""


def claim(holds: bool, what: str) -> str:
    """Render a statement; raise FalseClaimError when it does not hold."""
    if not holds:
        raise FalseClaimError(f"the results do not bear this out: {what}")
    return what


@dataclass(frozen=True)
class Claims:
    """Statements on the difference of methods; one that is false raises FalseClaimError."""

    numbers: Numbers

    def claim_lower(
        self,
        what: str,
        run: str,
        dataset: str,
        method: str,
        others: Sequence[str],
        metric: str = "mse",
    ) -> str:
        """Render that a method's metric is below each other's, for more users than by chance."""
        for other in others:
            pair = self.numbers.pair(run, dataset, method, other, metric)
            sure = pair.holm_p is not None and pair.holm_p < SIGNIFICANT
            apart = signed(pair.difference, find_metric(metric).digits)
            found = f"{apart}, p {p_text(pair.holm_p)}"
            said = f"{what} ({run}/{dataset}, {metric}: {method} − {other} is {found})"
            claim(sure and pair.difference < 0, said)
        return what

    def claim_not_told_apart(
        self,
        what: str,
        run: str,
        dataset: str,
        method: str,
        others: Sequence[str],
        metric: str = "mse",
    ) -> str:
        """Render that a method's metric is not shown to differ from any of the others'."""
        for other in others:
            p = self.numbers.pair(run, dataset, method, other, metric).holm_p
            told = f"{what} ({run}/{dataset}, {metric}: {method} − {other}, p {p_text(p)})"
            claim(p is not None and p >= SIGNIFICANT, told)
        return what

    def claim_alike(
        self,
        what: str,
        run: str,
        dataset: str,
        methods: Sequence[str],
        within: float,
        metric: str = "mse",
    ) -> str:
        """Render that methods' metrics lie within so much of each other."""
        means = [self.numbers.value(run, dataset, method, metric) for method in methods]
        width = max(means) - min(means)
        said = f"{what} ({run}/{dataset}, {metric}: {width:.4g} between {', '.join(methods)})"
        claim(width <= within, said)
        return what
