"""The sentences that captions share."""

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.metrics.registry import USER_ERROR
from pipeline_lib.reporting.tables.columns import HEADERS
from pipeline_lib.reporting.tables.notes import sample_note
from pipeline_lib.schemas.columns import GROUPS


def caption(comparison: Comparison, *sentences: str) -> str:
    """Join sentences, after the dataset's title and, where so, that its data are generated."""
    sample = sample_note(comparison.sample)
    return " ".join([*sample, f"{comparison.title}.", *filter(None, sentences)])


def users_and_seeds(comparison: Comparison) -> str:
    """Count the test users and the seeds."""
    groups = " and ".join(f"{n:,} {group}" for group, n in users_by_group(comparison).items())
    return f"{comparison.test_users:,} test users, {groups}; {seeds(comparison)}."


def users_by_group(comparison: Comparison) -> dict[str, int]:
    """Count the test users of each group that has any, major users first."""
    found = comparison.users_by_group
    return {group: found[group] for group in GROUPS if found.get(group)}


def seeds(comparison: Comparison) -> str:
    """Say how many seeds methods have."""
    counts = sorted({len(m.seeds) for m in comparison.methods})
    if counts == [1]:
        return "one seed"
    return f"{' or '.join(map(str, counts))} seeds a method"


def error_name(comparison: Comparison) -> str:
    """Name the error by which users are compared, as tables do."""
    return HEADERS[USER_ERROR[comparison.task.kind]]


def error_axis(comparison: Comparison) -> str:
    """Label an axis of users' errors."""
    return f"{error_name(comparison)} of a test user (lower is better)"
