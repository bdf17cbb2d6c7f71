"""What a training takes: seconds and memory, beside those that the paper states."""

from collections.abc import Mapping, Sequence
from statistics import mean, stdev

from pipeline_lib.evaluation.comparison import PAML, Comparison
from pipeline_lib.reporting.paper import PaperCosts, PaperResults
from pipeline_lib.reporting.tables.columns import beside
from pipeline_lib.reporting.tables.methods import table_of
from pipeline_lib.reporting.tables.notes import over_seeds
from pipeline_lib.reporting.tables.table import Cell, Table, TableColumn
from pipeline_lib.training.record import TrainingRecord

MEGA = 1_000_000
MEANING = (
    "Seconds: wall-clock of a training's epochs, without validation, however often it was resumed; "
    "of a method without epochs those of its whole job. MB at the peak: the most that one of the "
    "trainings held, in units of 10^6 bytes: on a GPU what torch held there, on a CPU the whole "
    "process with its libraries; of several processes that share a training, the first one's."
)
Trainings = Mapping[str, Sequence[TrainingRecord]]  # by method


def costs_table(
    comparison: Comparison, trainings: Sequence[TrainingRecord], paper: PaperResults
) -> Table:
    """Tabulate seconds, memory and hardware of each method's trainings.

    The paper's numbers, of one dataset, are left out for sample data.
    """
    methods, costs = comparison.methods, paper.costs
    by_method = {m.name: [t for t in trainings if t.method == m.name] for m in methods}
    printed = costs.methods if comparison.dataset == costs.dataset and not comparison.sample else {}
    seconds = {n: Cell(f"{c.seconds:,}", (c.seconds, None)) for n, c in printed.items()}
    memory = {n: Cell(_mega(c.bytes), (c.bytes,)) for n, c in printed.items()}
    columns = [
        *beside(_seconds(by_method), seconds or None),
        *beside(_memory(by_method), memory or None),
        _hardware(by_method),
    ]
    notes = [MEANING, *(_paper_notes(comparison, costs, by_method) if printed else [])]
    title = f"{comparison.title}: what a training takes"
    return table_of(comparison, methods, title, columns, [*notes, over_seeds(methods)])


def _seconds(by_method: Trainings) -> TableColumn:
    cells = {}
    for name, found in by_method.items():
        values = [training.seconds for training in found]
        spread = stdev(values) if len(values) > 1 else None
        text = f"{mean(values):,.1f}" + ("" if spread is None else f" ± {spread:,.1f}")
        cells[name] = Cell(text, (mean(values), spread))
    return TableColumn("Seconds", ("seconds_mean", "seconds_sd"), cells)


def _memory(by_method: Trainings) -> TableColumn:
    peaks = {name: _peak(found) for name, found in by_method.items()}
    cells = {name: Cell(_mega(peak), (peak,)) for name, peak in peaks.items()}
    return TableColumn("MB at the peak", ("peak_bytes",), cells)


def _hardware(by_method: Trainings) -> TableColumn:
    named = {
        name: ", ".join(dict.fromkeys(_machine(training) for training in found))
        for name, found in by_method.items()
    }
    cells = {name: Cell(text, (text,)) for name, text in named.items()}
    return TableColumn("Hardware", ("hardware",), cells)


def _machine(training: TrainingRecord) -> str:
    if training.device == "cpu":
        threads = "1 thread" if training.threads == 1 else f"{training.threads} threads"
        one = f"{training.hardware}, {threads}"
    else:
        one = training.hardware
    return one if training.processes == 1 else f"{training.processes} × {one}"


def _paper_notes(comparison: Comparison, costs: PaperCosts, by_method: Trainings) -> list[str]:
    notes = [
        f"paper: Yu et al. (2021), about, on one {costs.hardware}. Hardware differs, so that only "
        "the methods' proportions compare."
    ]
    shown = [n for n in costs.methods if n != PAML and by_method.get(n) and by_method.get(PAML)]
    for name in shown:
        stated, printed = costs.methods[name], costs.methods[PAML]
        own, paml = by_method[name], by_method[PAML]
        notes.append(
            f"{comparison.method(name).label} takes {stated.seconds / printed.seconds:.1f} times "
            f"PAML's seconds and {stated.bytes / printed.bytes:.1f} times its memory in the paper, "
            f"{_mean(own) / _mean(paml):.1f} and {_peak(own) / _peak(paml):.1f} times here."
        )
    return notes


def _mean(trainings: Sequence[TrainingRecord]) -> float:
    return mean(training.seconds for training in trainings)


def _peak(trainings: Sequence[TrainingRecord]) -> int:
    return max(training.peak_bytes for training in trainings)


def _mega(size: int) -> str:
    return f"{size / MEGA:,.0f}"
