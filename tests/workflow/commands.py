"""Collect the commands that README.md and docs/ show: those of indented and bash blocks, and those
within lines."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tests.workflow.small_project import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?<=\n\n)(?: {4}.*\n)+")
SPAN = re.compile(r"`([^`]+)`")
# Within a line, code that opens with one of these and goes on is a command.
PROGRAMS = {"conda", "curl", "docker", "find", "git", "make", "mlflow", "mypy", "pip", "pytest"}
PROGRAMS |= {"python", "ruff", "scancel", "sinfo", "snakemake", "source", "squeue", "ssh"}


@dataclass(frozen=True)
class Command:
    """A command as a page shows it."""

    page: str
    text: str

    def __str__(self) -> str:
        """Return where it stands."""
        return f"{self.page}: {self.text}"


def commands() -> list[Command]:
    """List every command once, with the first page that shows it."""
    found: dict[str, Command] = {}
    for path in PAGES:
        page = str(path.relative_to(ROOT))
        for text in collect(path.read_text(encoding="utf-8")):
            found.setdefault(text, Command(page, text))
    return [*found.values()]


def collect(page: str) -> Iterator[str]:
    """List the commands of a page's text."""
    for language, block in FENCED.findall(page):
        assert language, f"a fenced block says no language:\n{block}"
        if language in {"bash", "console", "sh", "shell"}:
            yield from split(block)
    prose = FENCED.sub("\n", page)
    for block in INDENTED.findall(prose):
        yield from split(re.sub("^ {4}", "", block, flags=re.MULTILINE))
    for span in SPAN.findall(INDENTED.sub("\n", prose)):
        words = span.split()
        if words[0] in PROGRAMS and len(words) > 1:
            yield " ".join(words)


def split(block: str) -> Iterator[str]:
    """Split a block into commands: lines, joined where a quote is open or a backslash ends one."""
    text = ""
    for line in block.splitlines():
        text += f"{line}\n"
        if whole(text) and (words := shlex.split(text, comments=True)):
            yield text.strip() if "\n" in text.strip() else uncommented(text, words)
            text = ""
    assert not text.strip(), f"a command does not end:\n{text}"


def uncommented(line: str, words: list[str]) -> str:
    """Cut off the comment that ends a line."""
    for end in (m.start() for m in re.finditer(r"\s+#", line)):
        if whole(line[:end]) and shlex.split(line[:end]) == words:
            return line[:end].strip()
    return line.strip()


def whole(text: str) -> bool:
    """Return whether a command ends here."""
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return False
    return not text.endswith("\\\n")
