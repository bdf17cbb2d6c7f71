"""What trainings take: cells, proportions and hardware, worked out by hand."""

import csv
import io

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.costs import costs_table
from pipeline_lib.reporting.tables.table import DASH, MINUS
from pipeline_lib.reporting.tables.write import to_csv
from pipeline_lib.training.record import TrainingRecord
from tests.reporting.conftest import only
from tests.reporting.page.small_run import records
from tests.reporting.tables.test_methods import lines


def slower(trainings: list[TrainingRecord], method: str, times: float) -> list[TrainingRecord]:
    changes = {"seconds": 1000.25 * times, "peak_bytes": int(500_000_000 * times)}
    return [t.model_copy(update=changes) if t.method == method else t for t in trainings]


def test_costs(compared: Comparison, paper: PaperResults) -> None:
    """Seeds 0 to 2 take 1,000.25 to 1,002.25 seconds."""
    table = costs_table(compared, slower(records(compared), "at-paml", 1.5), paper)
    rows = lines(table)
    assert table.title == "MovieLens-1M: what a training takes"
    assert rows["Method"] == [
        *("Seconds", "paper", "MB at the peak", "paper", "Hardware"),
    ]
    assert rows["PAML"] == ["1,001.2 ± 1.0", "7,200", "500", "669", "Fast CPU, 1 thread"]
    assert rows["AT-PAML"] == ["1,500.4 ± 0.0", "14,400", "750", "2,120", "Fast CPU, 1 thread"]
    assert rows["Item mean"] == ["1,000.2", DASH, "500", DASH, "Fast CPU, 1 thread"]
    assert table.notes[1] == (
        "paper: Yu et al. (2021), about, on one GTX 1080 Ti. Hardware differs, so that only the "
        "methods' proportions compare."
    )
    assert table.notes[2:4] == (
        "REG-PAML takes 1.0 times PAML's seconds and 1.0 times its memory in the paper, 1.0 and "
        "1.0 times here.",
        "AT-PAML takes 2.0 times PAML's seconds and 3.2 times its memory in the paper, 1.5 and "
        "1.5 times here.",
    )


def test_hardware_is_named_once_and_counted(compared: Comparison, paper: PaperResults) -> None:
    first, second, *others = [t for t in records(compared) if t.method == "paml"]
    gpu = {"device": "cuda", "hardware": "Fast GPU", "processes": 2}
    changed = [first.model_copy(update=gpu), second.model_copy(update={"threads": 4}), *others]
    rows = lines(costs_table(only(compared, "ablation"), changed, paper))
    assert rows["PAML"][-1] == "2 × Fast GPU, Fast CPU, 4 threads, Fast CPU, 1 thread"


def test_other_data_has_no_figures_of_the_paper(
    compared: Comparison, clicks: Comparison, paper: PaperResults
) -> None:
    for comparison in (compared.model_copy(update={"sample": True}), clicks):
        table = costs_table(comparison, records(comparison), paper)
        assert [c.header for c in table.columns] == ["Seconds", "MB at the peak", "Hardware"]
        assert not any("Yu" in note or "paper" in note for note in table.notes)


def test_without_paml_there_are_no_proportions(compared: Comparison, paper: PaperResults) -> None:
    table = costs_table(only(compared, "proposed"), records(only(compared, "proposed")), paper)
    assert not any("times" in note for note in table.notes)


def test_csv_holds_the_unrounded_numbers(compared: Comparison, paper: PaperResults) -> None:
    text = to_csv(costs_table(compared, records(compared), paper))
    rows = {row["method"]: row for row in csv.DictReader(io.StringIO(text))}
    paml = rows["paml"]
    assert (paml["seconds_mean"], paml["seconds_sd"]) == ("1001.25", "1.0")
    assert (paml["paper_seconds_mean"], paml["paper_seconds_sd"]) == ("7200", "")
    assert (paml["peak_bytes"], paml["paper_peak_bytes"]) == ("500000000", "669000000")
    assert rows["item-mean"]["seconds_sd"] == ""
    assert MINUS not in text
