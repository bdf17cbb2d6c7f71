"""The page of the leaderboard: a table for each dataset, protocol and set of splits."""

import json
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, stdev

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline_lib.metrics.metric import Metric
from pipeline_lib.metrics.registry import find_metric, metric_for
from pipeline_lib.reporting.leaderboard.check import Entries
from pipeline_lib.reporting.leaderboard.entry import Entry, metrics_in
from pipeline_lib.reporting.tables.table import DASH, MINUS
from pipeline_lib.reporting.tables.write import aligned, escape

PROTOCOL = "the paper's"


def render_page(entries: Entries) -> str:
    """Render the page in Markdown; each entry's folder says who has made it."""
    boards: dict[tuple[str, ...], list[tuple[str, Entry]]] = defaultdict(list)
    for file, entry in sorted(entries.items()):
        boards[_judged_on(entry)].append((file.parent.name, entry))
    environment = Environment(
        loader=PackageLoader("pipeline_lib.reporting"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - Markdown
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    shown = [
        {
            "title": escape(own[0][1].dataset),
            "protocol": _protocol(own[0][1]),
            "splits": own[0][1].splits,
            "users": sorted({t.test_users for t in own[0][1].trials}),
            "chosen_on": {entry.chosen_on for _, entry in own},
            "table": aligned(_table(own)),
        }
        for _, own in sorted(boards.items())
    ]
    return environment.get_template("leaderboard.md.j2").render(boards=shown)


def _judged_on(entry: Entry) -> tuple[str, ...]:
    """Return what entries have in common that may stand in one table."""
    shared = (entry.partition, entry.task.model_dump(mode="json"), entry.splits)
    return (entry.dataset, *(json.dumps(part, sort_keys=True) for part in shared))


def _protocol(entry: Entry) -> str:
    changes = (f"`{key}: {json.dumps(value)}`" for key, value in entry.partition.items())
    return ", ".join(changes).replace('"', "") or PROTOCOL


def _table(entries: Sequence[tuple[str, Entry]]) -> list[list[str]]:
    """Return lines of cells, the least error first."""
    error = metric_for("error", entries[0][1].task.kind)
    names = metrics_in(entry for _, entry in entries)
    metrics = [m for m in map(find_metric, names) if m.group is None and m.reading_of is None]
    rest = ["seeds", "candidates", "parameters", "s a training", "hardware", "by", "revision"]
    rows = sorted(entries, key=lambda own: _mean(own[1], error))
    return [["Method", *(m.label for m in metrics), *rest], *(_row(*own, metrics) for own in rows)]


def _row(by: str, entry: Entry, metrics: Sequence[Metric]) -> list[str]:
    trials = entry.trials
    trained = max(t.parameters for t in trials)
    several = (
        {str(len({t.seed for t in trials}))},
        {f"{entry.candidates:,}"},
        {f"{trained:,}" if trained else DASH},
        {f"{fmean(t.seconds for t in trials):,.0f}"},
        {escape(t.hardware) for t in trials},
        {escape(by)},
        {f"`{t.revision}`" for t in trials},
    )
    cells = [_spread(entry, metric) for metric in metrics]
    return [escape(entry.label), *cells, *(", ".join(sorted(values)) for values in several)]


def _spread(entry: Entry, metric: Metric) -> str:
    """Return the mean and its deviation over splits, or of one split over seeds."""
    splits = entry.values(metric.name)
    if not splits:
        return DASH
    values = [*map(fmean, splits)] if len(splits) > 1 else splits[0]
    apart = f" ± {stdev(values):.{metric.digits}f}" if len(values) > 1 else ""
    return f"{_mean(entry, metric):.{metric.digits}f}".replace("-", MINUS) + apart


def _mean(entry: Entry, metric: Metric) -> float:
    return fmean(map(fmean, entry.values(metric.name)))
