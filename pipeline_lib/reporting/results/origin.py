"""What the numbers of a run come from."""

from collections.abc import Iterable

from pipeline_lib.reporting.results.runs import DatasetResults, Run
from pipeline_lib.reporting.tables.write import escape
from pipeline_lib.training.record import TrainingRecord

HOUR = 3600


def origin_lists(run: Run) -> str:
    """List logs, split, trainings, versions and revisions of each dataset of a run."""
    parts = [
        f"{escape(results.comparison.title)} (`{name}`):\n\n"
        + "".join(f"- {what}: {value}\n" for what, value in _facts(results).items())
        for name, results in run.datasets.items()
    ]
    return "\n".join(parts)


def _facts(results: DatasetResults) -> dict[str, str]:
    data, records = results.data, results.trainings
    files = (f"`{f.file}` {f.read:,} ({f.rejected:,} rejected)" for f in data.files)
    return {
        "rows of raw files": ", ".join(files),
        "kept": f"{data.users:,} users, {data.items:,} items, {data.interactions:,} rows",
        "split (SHA-256 of its users and rows)": f"`{results.comparison.split_sha256}`",
        "trainings": _hours(len(records), (r.seconds for r in records)),
        **_searches(results),
        "days": _several(f"{r.started:%Y-%m-%d}" for r in records),
        "where": _several(
            f"{r.device}, {r.threads} thread(s), {r.processes} process(es)" for r in records
        ),
        "versions": _versions(records),
        "revisions": _several(f"`{r.environment['revision']}`" for r in records),
    }


def _searches(results: DatasetResults) -> dict[str, str]:
    tried = [c for choice in results.choices.values() for c in choice.candidates]
    return {"candidates": _hours(len(tried), (c.seconds for c in tried))} if tried else {}


def _versions(records: Iterable[TrainingRecord]) -> str:
    made = (own for r in records for own in r.environment.items())
    return _several(f"{package} {version}" for package, version in made if package != "revision")


def _hours(count: int, seconds: Iterable[float]) -> str:
    return f"{count:,}, {sum(seconds) / HOUR:.1f} h in all"


def _several(texts: Iterable[str]) -> str:
    return ", ".join(sorted(set(texts)))
