"""Entries of the leaderboard: what the check refuses, and the page that they give."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.leaderboard.check import EntryError, read_entries
from pipeline_lib.reporting.leaderboard.entry import Entry, Origin
from pipeline_lib.reporting.leaderboard.page import render_page
from tests.reporting.page.small_run import trainings

ROOT = Path(__file__).parents[3]
BOARD = ROOT / "docs/leaderboard"
Change = Callable[[dict[str, Any]], object]


def trial(split: int, seed: int, mse: float, sha256: str = "") -> dict[str, Any]:
    return {
        "split_seed": split,
        "split_sha256": sha256 or f"{split}" * 64,
        "seed": seed,
        "test_users": 900,
        "metrics": {"mse": mse, "ndcg_5": 0.75, "mse_major": mse, "mse_minor": mse},
        "parameters": 1000,
        "seconds": 10.0,
        "hardware": "a CPU",
        "revision": "0123456789ab",
    }


def entry(method: str, errors: Mapping[tuple[int, int], float]) -> dict[str, Any]:
    """Return an entry. errors: by the seed of the split and that of the training."""
    return {
        "dataset": "Films",
        "logs": "real",
        "partition": {},
        "chosen_on": 0,
        "task": {"kind": "rating", "scale": [1, 5]},
        "method": method,
        "label": method.upper(),
        "kind": "paml",
        "settings": {"kind": "paml", "inner_lr": 0.1},
        "network": None,
        "candidates": 8,
        "trials": [trial(*key, mse) for key, mse in errors.items()],
    }


FIRST = entry("first", {(1, 0): 0.9, (1, 1): 1.1, (2, 0): 1.3, (2, 1): 1.5})
SECOND = entry("second", {(1, 0): 0.8, (2, 0): 0.9})


def write(folder: Path, entries: Sequence[dict[str, Any]], by: str = "us") -> list[Path]:
    files = [folder / by / f"{own['method']}-{number}.json" for number, own in enumerate(entries)]
    for file, own in zip(files, entries, strict=True):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(own), encoding="utf-8")
    return files


def copy(own: dict[str, Any], change: Change) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(own))
    change(made)
    return made


WRONG: list[tuple[Change, str]] = [
    (lambda e: e.update(logs="sample"), "generated logs are no measure"),
    (lambda e: e["trials"].append(trial(1, 0, 1.0)), "split seed 1 and seed 0 twice"),
    (lambda e: e["trials"].append(trial(2, 5, 1.0)), "not every split has the same seeds"),
    (
        lambda e: e["trials"].append(trial(1, 7, 1.0, "a" * 64)),
        "a split seed has two splits",
    ),
    (lambda e: e["trials"][0]["metrics"].pop("mse"), "split seed 1, seed 0: there is no mse"),
    (lambda e: e["trials"][0]["metrics"].update(mze=1.0), "did you mean 'mse'?"),
    (lambda e: e["trials"][0].update(revision="012-dirty"), "commit, and train it again"),
    (lambda e: e["trials"][0].update(revision="unknown"), "commit, and train it again"),
    (lambda e: e["trials"][0].update(test_users=0), "trials.0.test_users"),
    (lambda e: e["trials"][0]["metrics"].update(mse=float("nan")), "mse"),
    (lambda e: e.update(secs=1), "secs"),
]


@pytest.mark.parametrize(("change", "said"), WRONG)
def test_an_entry_that_cannot_be_trusted_is_refused(
    change: Change, said: str, tmp_path: Path
) -> None:
    files = write(tmp_path, [FIRST, copy(SECOND, change)])
    with pytest.raises(EntryError, match=re.escape(said)) as caught:
        read_entries(files)
    assert str(files[1]) in str(caught.value)


def test_of_wrong_entries_all_are_named(tmp_path: Path) -> None:
    files = write(tmp_path, [copy(FIRST, change) for change, _ in WRONG[:2]])
    (torn := tmp_path / "us/torn.json").write_text('{"dataset": "Fi', encoding="utf-8")
    with pytest.raises(EntryError) as caught:
        read_entries([*files, torn, tmp_path / "us/none.json"])
    assert all(str(file) in str(caught.value) for file in [*files, torn, tmp_path / "us/none.json"])


def test_an_entry_of_other_rows_than_the_others_is_refused(tmp_path: Path) -> None:
    other = copy(SECOND, lambda e: e["trials"][0].update(split_sha256="b" * 64))
    with pytest.raises(EntryError, match=r"the split of seed 1 has the hash bbbbbbbbbbbb and 900"):
        read_entries(write(tmp_path, [FIRST, other]))


def test_another_protocol_has_other_rows(tmp_path: Path) -> None:
    other = copy(SECOND, lambda e: e["trials"][0].update(split_sha256="b" * 64))
    other["partition"] = {"query": {"rows": 1}}
    page = render_page(read_entries(write(tmp_path, [FIRST, other])))
    assert "## Films, protocol: the paper's\n" in page
    assert "## Films, protocol: `query: {rows: 1}`\n" in page


def test_one_may_enter_a_method_once_and_others_may_too(tmp_path: Path) -> None:
    ours = write(tmp_path, [FIRST])
    assert len(read_entries([*ours, *write(tmp_path, [FIRST], by="them")])) == 2
    with pytest.raises(EntryError, match="delete one of them"):
        read_entries(write(tmp_path, [FIRST, FIRST]))


def test_the_page_ranks_by_the_mean_error_over_splits(tmp_path: Path) -> None:
    page = render_page(read_entries(write(tmp_path, [FIRST, SECOND])))
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row] for row in rows]
    # The splits' means are 1.0 and 1.4 of FIRST, 0.8 and 0.9 of SECOND.
    assert [row[:3] for row in cells[2:]] == [
        ["SECOND", "0.850 ± 0.071", "0.750 ± 0.000"],
        ["FIRST", "1.200 ± 0.283", "0.750 ± 0.000"],
    ]
    assert cells[0][1:4] == ["MSE", "nDCG@5", "seeds"]
    assert cells[3][3:] == ["2", "8", "1,000", "10", "a CPU", "us", "`0123456789ab`"]
    assert "seed 1 `111111111111`, seed 2 `222222222222`." in page


def test_what_no_gradient_trains_has_a_dash_for_parameters(tmp_path: Path) -> None:
    untrained = copy(SECOND, lambda own: [one.update(parameters=0) for one in own["trials"]])
    page = render_page(read_entries(write(tmp_path, [FIRST, untrained])))
    assert re.search(r"SECOND .*\| +8 \| +— \|", page)
    assert re.search(r"FIRST .*\| +8 \| +1,000 \|", page)


def test_metrics_that_a_run_chose_have_columns(tmp_path: Path) -> None:
    def add(own: dict[str, Any]) -> None:
        for one in own["trials"]:
            one["metrics"] |= {"ndcg_10": 0.625, "mae": 1.25}

    page = render_page(read_entries(write(tmp_path, [FIRST, copy(SECOND, add)])))
    assert re.search(r"Method .*\| +nDCG@10 \| +MAE \|", page)
    assert re.search(r"SECOND .*\| +0\.625 ± 0\.000 \| +1\.250 ± 0\.000 \|", page)
    assert re.search(r"FIRST .*\| +— \| +— \|", page)


def test_of_one_split_the_deviation_is_over_seeds(tmp_path: Path) -> None:
    alone = entry("alone", {(0, 0): 1.0, (0, 1): 2.0})
    page = render_page(read_entries(write(tmp_path, [alone])))
    assert "| 1.500 ± 0.707 |" in page
    assert "seed 0 `000000000000` (settings were looked at or chosen on it)." in page


def test_the_projects_entries_are_sound_and_its_page_is_what_they_give() -> None:
    entries = read_entries(sorted(BOARD.glob("*/*.json")))
    here = {file.relative_to(ROOT): entry for file, entry in entries.items()}
    assert render_page(here) == (ROOT / "docs/leaderboard.md").read_text(encoding="utf-8")


def test_a_method_of_which_a_training_was_stopped_is_no_entry(compared: Comparison) -> None:
    first, *others = trainings(compared, compared.method("melu"))
    why = {"stopped": "epoch 3: too large"}
    judged = [(first.record.model_copy(update=why), first.evaluation)]
    judged += [(own.record, own.evaluation) for own in others]
    origin = Origin(dataset="Films", logs="real", partition={}, chosen_on=0)
    with pytest.raises(ValueError, match="movielens melu seed 0 was stopped in epoch 3: too large"):
        Entry.of_run(origin, "MeLU", 1, {compared.split_sha256: 0}, judged)


def test_no_rival_has_less_error_than_two_biases_as_the_readme_says() -> None:
    """With the settings of their files; docs/results.md is of tuned ones."""
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert "none beats a two-bias model on MovieLens-1M, and tuned none is shown to" in readme
    results = (ROOT / "docs/results.md").read_text("utf-8")
    assert "no network is shown to be below two biases on either log" in results
    entries = read_entries(sorted(BOARD.glob("this-project/*.json"))).values()
    of_files = {own.dataset for own in entries if own.method == "mamo" and own.candidates == 1}
    assert len(of_files) == 2
    for dataset in of_files:
        board = {own.method: own for own in entries if own.dataset == dataset}
        names = ("two-bias", "tanp", "anil", "mamo", "in-context")
        biases, *rivals = (fmean(map(fmean, board[name].values("mse"))) for name in names)
        assert min(rivals) > biases
