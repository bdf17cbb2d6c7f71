"""Tables and figures of finished runs, taken into a text."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.reporting.results.runs import Runs, UnknownResultError, find_dataset


@dataclass(frozen=True)
class Files:
    """What a text may include of the runs. images: the folder that figures are copied to."""

    runs: Runs
    images: Path

    def table(self, run: str, dataset: str, name: str) -> str:
        """Include a table that the run wrote, its title in bold."""
        text = self._find(run, dataset, "tables", f"{name}.md").read_text(encoding="utf-8")
        title, body = text.split("\n", 1)
        return f"**{title.removeprefix('# ')}**\n{body}"

    def figure(self, run: str, dataset: str, name: str) -> str:
        """Copy a figure beside the text and link it, with its caption."""
        source = self._find(run, dataset, "figures", f"{name}.png")
        file = f"{run}-{dataset}-{name}.png"
        shutil.copyfile(source, self.images / file)
        caption = source.with_suffix(".txt").read_text(encoding="utf-8").strip()
        return f"![{name.replace('_', ' ')}](images/{self.images.name}/{file})\n\n*{caption}*\n"

    def _find(self, run: str, dataset: str, kind: str, file: str) -> Path:
        path = find_dataset(self.runs, run, dataset).folder / kind / file
        if not path.is_file():
            known = ", ".join(sorted(f.stem for f in path.parent.glob(f"*{path.suffix}")))
            raise UnknownResultError(f"{path.parent}: there is no {file}; there are: {known}")
        return path
