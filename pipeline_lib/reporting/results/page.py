"""Render a text whose numbers, tables and figures are looked up in finished runs."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from pipeline_lib.comparison.record import Pair
from pipeline_lib.reporting.results.overview import (
    choices_table,
    markdown_table,
    overview,
    probability,
    signed,
    spread,
    times_table,
)
from pipeline_lib.reporting.results.runs import (
    DatasetResults,
    FalseClaimError,
    Runs,
    UnknownResultError,
    find,
)


@dataclass(frozen=True)
class Lookup:
    """What the text may ask of the runs. images: the folder that figures are copied to."""

    runs: Runs
    images: Path

    def dataset(self, run: str, dataset: str) -> DatasetResults:
        """Find a dataset of a run."""
        return find(find(self.runs, run, "run", "results"), dataset, "dataset", f"run {run}")

    def value(self, run: str, dataset: str, method: str, metric: str = "mse") -> float:
        """Find a metric's mean over seeds."""
        own = self.dataset(run, dataset).method(method)
        return find(own.metrics, metric, "metric", f"{run}/{dataset}/{method}").mean

    def number(self, run: str, dataset: str, method: str, metric: str = "mse") -> str:
        """Render a metric's mean over seeds, with its standard deviation."""
        self.value(run, dataset, method, metric)
        return spread(self.dataset(run, dataset).method(method), metric)

    def percent(self, run: str, dataset: str, method: str, other: str, metric: str = "mse") -> str:
        """Render by how many percent a method's metric differs from another's."""
        own, base = (self.value(run, dataset, name, metric) for name in (method, other))
        return f"{signed(100 * (own / base - 1))[:-2]} %"

    def gap(self, run: str, dataset: str, method: str) -> float:
        """Find minor users' error less major users'."""
        gap = self.dataset(run, dataset).method(method).gap
        if gap is None:
            raise UnknownResultError(f"{run}/{dataset}/{method}: there is no gap")
        return gap.difference

    def pair(self, run: str, dataset: str, left: str, right: str, metric: str = "mse") -> Pair:
        """Find the difference of two methods, left minus right."""
        pair = self.dataset(run, dataset).comparison.pair(metric, left, right)
        if pair is None:
            raise UnknownResultError(f"{run}/{dataset}: {left} and {right} were not compared")
        return pair

    def difference(self, run: str, dataset: str, left: str, right: str, metric: str = "mse") -> str:
        """Render the difference of two methods with its Holm-adjusted p."""
        pair = self.pair(run, dataset, left, right, metric)
        p = probability(pair.holm_p)
        return f"{signed(pair.difference)}, p {p if p.startswith('<') else f'= {p}'}"

    def table(self, run: str, dataset: str, name: str) -> str:
        """Include one of the tables that the run wrote, without its title."""
        file = self.dataset(run, dataset).folder / "tables" / f"{name}.md"
        if not file.is_file():
            known = ", ".join(sorted(f.stem for f in file.parent.glob("*.md")))
            raise UnknownResultError(f"{file.parent}: no table {name!r}; there are: {known}")
        return file.read_text(encoding="utf-8").split("\n", 2)[2]

    def figure(self, run: str, dataset: str, name: str) -> str:
        """Copy a figure beside the text and link it, with its caption."""
        source = self.dataset(run, dataset).folder / "figures" / f"{name}.png"
        if not source.is_file():
            known = ", ".join(sorted(f.stem for f in source.parent.glob("*.png")))
            raise UnknownResultError(f"{source.parent}: no figure {name!r}; there are: {known}")
        file = f"{run}-{dataset}-{name}.png"
        self.images.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, self.images / file)
        caption = source.with_suffix(".txt").read_text(encoding="utf-8").strip()
        return f"![{name.replace('_', ' ')}](images/{self.images.name}/{file})\n\n*{caption}*"

    def overview(self, run: str, dataset: str, against: str, names: Sequence[str] = ()) -> str:
        """Tabulate methods, the best first."""
        return overview(self.dataset(run, dataset), against, names)

    def choices(self, run: str, dataset: str) -> str:
        """Tabulate what the search chose."""
        return choices_table(self.dataset(run, dataset))

    def times(self, run: str, dataset: str) -> str:
        """Tabulate what training took."""
        return times_table(self.dataset(run, dataset))

    def origin(self, run: str) -> str:
        """Tabulate what a run's numbers come from: splits, code, versions, times."""
        lines = []
        for name, results in find(self.runs, run, "run", "results").items():
            trainings = results.trainings
            made = {key for r in trainings for key in r.environment.items()}
            versions = ", ".join(sorted(f"{package} {version}" for package, version in made))
            seconds = sum(r.seconds for r in trainings)
            days = sorted({f"{r.started:%Y-%m-%d}" for r in trainings})
            devices = ", ".join(sorted({f"{r.device}, {r.threads} thread" for r in trainings}))
            lines += [
                [name, "split", f"`{results.comparison.split_sha256}`"],
                [name, "trainings", f"{len(trainings)} in {seconds / 60:.0f} min, {devices}"],
                [name, "days", " to ".join(dict.fromkeys((days[0], days[-1])))],
                [name, "versions", versions],
            ]
        return markdown_table(["dataset", "", ""], lines).replace("---:", ":---")


def claim(holds: bool, what: str) -> str:
    """Render a statement; raise FalseClaimError when the results say otherwise."""
    if not holds:
        raise FalseClaimError(f"the results do not bear this out: {what}")
    return what


def render_results(text: str, lookup: Lookup) -> str:
    """Render a text; an unknown name raises UnknownResultError, a false claim FalseClaimError."""
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)  # noqa: S701 - Markdown
    names = [name for name in dir(Lookup) if not name.startswith("_") and name not in FIELDS]
    known = {name: getattr(lookup, name) for name in names}
    return environment.from_string(text).render(known, claim=claim) + "\n"


FIELDS = ("runs", "images")
