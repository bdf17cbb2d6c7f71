"""What of the paper a run was not asked for."""

from collections.abc import Collection

from pipeline_lib.reporting.paper import PaperFigures

LITERAL = "-literal"  # variants of a dataset end in it


def missing_datasets(datasets: Collection[str], paper: PaperFigures) -> list[str]:
    """Name the paper's datasets that a run has in no variant, in a sentence."""
    met = {name.removesuffix(LITERAL) for name in datasets}
    found = dict.fromkeys(name.removesuffix(LITERAL) for name in paper.table_6)
    missing = [name for name in found if name not in met]
    return [f"Of the paper's datasets not in this run: {', '.join(missing)}."] if missing else []


def missing_trials(seeds: int, paper: PaperFigures) -> list[str]:
    """Say that a run has fewer seeds than the paper had trials, in a sentence."""
    if seeds >= paper.trials:
        return []
    seeds_text = "1 seed" if seeds == 1 else f"{seeds} seeds"
    return [f"{seeds_text} of each method trained, where the paper had {paper.trials} trials."]
