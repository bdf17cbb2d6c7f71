"""Follow a page of documentation: save its files, run its commands, compare what it shows."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workflow.small_project import HANGS, ROOT, SNAKEMAKE

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d+\.\d+")


@dataclass(frozen=True)
class Step:
    """A file to save or commands to run, and the lines that the page shows then."""

    kind: str
    text: str
    shown: str

    def do(self, folder: Path) -> str:
        """Save the file that the first line names, or run the commands; return what they print."""
        if self.kind in {"yaml", "python"}:
            name, _, content = self.text.partition("\n")
            (folder / name.removeprefix("# ")).write_text(content, encoding="utf-8")
            return ""
        path = f"{SNAKEMAKE.parent}{os.pathsep}{os.environ['PATH']}"
        result = subprocess.run(
            ["bash", "-c", self.text],
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=HANGS,
        )
        return result.stdout


def steps(page: str) -> Iterator[Step]:
    """List the steps of a page below docs/; a `text` block shows what those before it print."""
    found = BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    for number, (kind, text) in enumerate(found):
        if kind in ("bash", "yaml", "python"):
            following = found[number + 1 : number + 2]
            shown = following[0][1] if following and following[0][0] == "text" else ""
            yield Step(kind, text, shown)


def missing(shown: str, printed: str) -> list[str]:
    """List the lines shown that were not printed in this order; `…` stands for anything."""
    lines = iter(printed.splitlines())
    return [
        line
        for line in shown.splitlines()
        if line.strip("… ") and not any(_alike(line, other) for other in lines)
    ]


def _alike(shown: str, printed: str) -> bool:
    shown, printed = _plain(shown), _plain(printed)
    if "±" in shown:
        figures = [float(n) for n in NUMBER.findall(shown)]
        others = [float(n) for n in NUMBER.findall(printed)]
        return NUMBER.sub("", shown) == NUMBER.sub("", printed) and others == pytest.approx(
            figures, abs=0.15
        )
    return re.fullmatch(".*".join(map(re.escape, shown.split("…"))), printed) is not None


def _plain(line: str) -> str:
    """Leave out what a table's widths and best values change."""
    return re.sub(r"\s+", " ", re.sub(r"-{2,}", "-", line.replace("*", ""))).strip()
