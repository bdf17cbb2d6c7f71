"""Write a dataset's YAML to start from; what is not sure is marked."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline_lib.data.inspect.features import describe_features, groupable
from pipeline_lib.data.inspect.raw_file import read_raw_file
from pipeline_lib.data.inspect.roles import Roles, Seen, find_roles
from pipeline_lib.data.inspect.target import describe_target
from pipeline_lib.data.inspect.words import UNSURE, doubt, flow


def describe_files(paths: Sequence[Path]) -> str:
    """Return the YAML of a dataset of these raw files.

    Raises RawFileError for a file that cannot be read, ValueError where they do not lie in one
    folder or none has interactions.
    """
    if len({path.absolute().parent for path in paths}) > 1:
        raise ValueError("the files of a dataset lie in one folder; put them there, or link them")
    with TemporaryDirectory() as scratch:
        files = [read_raw_file(path, Path(scratch)) for path in paths]
    return describe(find_roles(files))


def describe(roles: Roles) -> str:
    """Return the YAML, whose lines end in a comment where something is not sure."""
    folder = flow(roles.log.raw.path.absolute().parent.name)
    found = describe_target(roles.log, roles.target)
    rules = ["negatives: {per_click: 4}"] if found.negatives else []
    groups = groupable(roles.users) if roles.users else 0
    rules += [f"major_features: {groups}"] if 0 < groups < 3 else []
    lines = [
        "# Save it as config/datasets/<name>.yaml, and look at each line that is marked unsure.",
        f"title: {folder}",
        f"licence: unknown{UNSURE}who may use the logs, and how to cite them",
        f"folder: {folder} # within raw_dir",
        f"task: {found.task}",
        *_others(roles),
        "interactions:",
        *_file(roles.log),
        f"  user: {flow(roles.user)}{doubt(roles.doubts.get('user'))}",
        f"  item: {flow(roles.item)}{doubt(roles.doubts.get('item'))}",
        f"  target: {found.target}",
        *([f"  time: {{column: {flow(roles.time)}, unit: {roles.unit}}}"] if roles.time else []),
        *_repeats(roles, found.repeats),
        *describe_features("user_features", [roles.users] if roles.users else []),
        *describe_features("item_features", roles.items),
        *([f"partition: {{{', '.join(rules)}}}"] if rules else []),
        *(f"# left out: {f.raw.path.name}, which names no users or items" for f in roles.other),
    ]
    return "\n".join(lines) + "\n"


def _others(roles: Roles) -> Iterator[str]:
    """Yield the files of users and of items."""
    if roles.users:
        yield from ("users:", *_file(roles.users), f"  user: {flow(roles.users.key)}")
    if roles.items:
        yield "items:"
        for file in roles.items:
            first, *lines = [*_file(file), f"  item: {flow(file.key)}"]
            yield from (f"  - {first.lstrip()}", *(f"  {line}" for line in lines))


def _file(file: Seen) -> Iterator[str]:
    for key, value in file.raw.settings.items():
        yield f"  {key}: {flow(value)}{doubt(file.raw.doubts.get(key))}"


def _repeats(roles: Roles, repeats: str | None) -> Iterator[str]:
    """Yield which of several rows of a user and an item counts, where there are such."""
    rows = roles.log.raw.rows.select(roles.user, roles.item)
    if repeats and (number := int(rows.is_duplicated().sum())):
        words = f"{number:,} of {rows.height:,} rows share user and item with others"
        yield f"  repeats: {repeats}{UNSURE}{words}"
