"""Check entries of the leaderboard: each by itself, and against the others."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline_lib.metrics.registry import has_metric, metric_for, metric_names
from pipeline_lib.reporting.leaderboard.entry import Entry
from pipeline_lib.settings.errors import SettingsError, unknown, validate

Entries = Mapping[Path, Entry]


class EntryError(Exception):
    """Entries are wrong; the message names each file and what to do."""


def read_entries(files: list[Path]) -> Entries:
    """Read entries; raise EntryError that names all that is wrong in them."""
    found, wrong = {}, []
    for file in files:
        try:
            found[file] = validate(Entry, json.loads(file.read_bytes()), str(file))
        except SettingsError as error:
            wrong.append(str(error))
        except (OSError, TypeError, ValueError) as error:
            wrong.append(f"{file}: {error}; make it anew, as docs/leaderboard.md says")
    wrong += [f"{file}: {problem}" for file in found for problem in _problems(file, found)]
    if wrong:
        raise EntryError("\n".join(wrong))
    return found


def _problems(file: Path, entries: Entries) -> Iterator[str]:
    own = entries[file]
    yield from _of_itself(own)
    for other, entry in entries.items():
        if other == file or (entry.dataset, entry.partition) != (own.dataset, own.partition):
            continue
        yield from (f"{problem} in {other}" for problem in _against(own, entry))
        if (other.parent, entry.method) == (file.parent, own.method):
            yield f"{own.method} is in {other} too; delete one of them, or rename its method"


def _of_itself(entry: Entry) -> Iterator[str]:
    if entry.logs == "sample":
        yield "generated logs are no measure; make it from real ones"
    task, error = entry.task.kind, metric_for("error", entry.task.kind).name
    trials = Counter((t.split_seed, t.seed) for t in entry.trials)
    yield from (f"split seed {s} and seed {x} twice" for (s, x), n in trials.items() if n > 1)
    if len({frozenset(x for s, x in trials if s == split) for split, _ in trials}) > 1:
        yield "not every split has the same seeds; run those that are missing"
    if len({(t.split_seed, t.split_sha256) for t in entry.trials}) > len({s for s, _ in trials}):
        yield "a split seed has two splits; make all of it with one version of the log"
    for trial in entry.trials:
        where = f"split seed {trial.split_seed}, seed {trial.seed}"
        strange = [name for name in trial.metrics if not has_metric(name, task)]
        yield from (f"{where}: {unknown(m, 'metric', metric_names(task))}" for m in strange)
        if error not in trial.metrics:
            yield f"{where}: there is no {error}"
        if trial.revision == "unknown" or trial.revision.endswith("-dirty"):
            yield (
                f"{where}: nobody can get its code again, of revision {trial.revision!r}; commit, "
                "and train it again"
            )


def _against(own: Entry, other: Entry) -> Iterator[str]:
    theirs = {t.split_seed: t for t in other.trials}
    for trial in {t.split_seed: t for t in own.trials}.values():
        same = theirs.get(trial.split_seed, trial)
        if (trial.split_sha256, trial.test_users) != (same.split_sha256, same.test_users):
            yield (
                f"the split of seed {trial.split_seed} has the hash {trial.split_sha256[:12]} and "
                f"{trial.test_users:,} test users, but {same.split_sha256[:12]} and "
                f"{same.test_users:,}"
            )
