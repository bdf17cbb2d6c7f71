"""What stands beneath Tables 2 to 5: whole notes, and what becomes of them when little was run."""

import pytest

from pipeline_lib.evaluation.comparison import Comparison
from pipeline_lib.reporting.paper import PaperResults
from pipeline_lib.reporting.tables.table import MINUS
from pipeline_lib.settings.task import RatingTask
from tests.reporting.tables.test_methods import TABLES, Build, every_table

STAR = (
    "* at a proposed method or an ablation: better than {} at p < 0.05, two-tailed t-test between "
    "the seeds' values, unadjusted."
)
BEST = STAR.format("the best baseline ({})")
NDCG = (
    "nDCG: over the 1,200 test users with at least two query items. Of these, 12 with fewer than 3 "
    "and 345 with fewer than 5, ranked over those they have."
)
DIFFERENCE = f"diff.: our mean {MINUS} the paper's."
SOURCE = (
    "paper: the figures of Yu et al. (2021), means of 3 trials on the paper's own unpublished "
    "split."
)


def test_table_2(compared: Comparison, paper: PaperResults) -> None:
    assert TABLES[2](compared, paper).notes == (
        "Mean ± sample standard deviation over seeds: n = 3 for MeLU, Transfer learning, AT-PAML, "
        "REG-PAML; n = 1 for Item mean.",
        "Bold: best of the column; italics: second best; reference points included. Lower MSE and "
        "higher nDCG are better.",
        BEST.format("MSE: Transfer learning; nDCG@3: MeLU; nDCG@5: MeLU"),
        "1,234 test users; split 0123456789ab.",
        NDCG,
        "Users whose query items all got one score: Item mean (up to 1,100 a seed). For equal "
        "scores, nDCG is the mean over random orders.",
        DIFFERENCE,
        SOURCE,
        f"REG-PAML: {paper.table_2['movielens'].rows['reg-paml'].note}.",
        "* beside the paper's figures: its own, better than the best baseline at p < 0.05. Its "
        "means and deviations (n = 3, two-tailed t-test) give AT-PAML nDCG@5 p = 0.163, REG-PAML "
        "MSE p = 0.007.",
        "The paper's stars of AT-PAML nDCG@5 cannot come from its 3 trials.",
        "Without a star in the paper, though by its figures better at p < 0.05: REG-PAML nDCG@5 "
        "p = 0.021.",
        "In the paper's Table 2, but not run here: meta-sgd.",
    )


def test_table_3(compared: Comparison, paper: PaperResults) -> None:
    rows = paper.table_3["movielens"].rows
    assert TABLES[3](compared, paper).notes == (
        "Mean ± sample standard deviation over seeds: n = 3 for each method.",
        "Bold: best of the column; italics: second best. Lower MSE and higher nDCG are better.",
        STAR.format("PAML"),
        "1,234 test users; split 0123456789ab.",
        NDCG,
        DIFFERENCE,
        SOURCE,
        f"REG-PAML: {rows['reg-paml'].note}.",
        f"PAML: {rows['paml'].note}.",
        "* beside the paper's figures: its own, better than PAML at p < 0.05. Its means and "
        "deviations (n = 3, two-tailed t-test) give REG-PAML nDCG@3 p = 0.036, REG-PAML nDCG@5 "
        "p = 0.201, reg-paml-1e-2 MSE p < 0.001.",
        "The paper's stars of REG-PAML nDCG@5 cannot come from its 3 trials.",
        "Without a star in the paper, though by its figures better at p < 0.05: AT-PAML MSE "
        "p < 0.001, REG-PAML MSE p < 0.001, reg-paml-1e-4 MSE p < 0.001.",
        "In the paper's Table 3, but not run here: reg-paml-1e-5, reg-paml-1e-4, reg-paml-1e-2.",
    )


def test_table_2_of_clicks(clicks: Comparison, paper: PaperResults) -> None:
    assert TABLES[2](clicks, paper).notes == (
        "Mean ± sample standard deviation over seeds: n = 3 for MeLU, AT-PAML; n = 1 for Global "
        "mean.",
        "Bold: best of the column; italics: second best; reference points included. Lower NEL and "
        "higher AUC are better.",
        "NEL: mean over users of the weighted cross-entropy of their query rows (a click weighs "
        "0.9, any other row 0.1), above 0. AUC: of the query rows of all users, or of all in the "
        "group, together.",
        "AUC per user: of each user's own query rows; mean over the 1,200 test users who have both "
        "clicks and other rows there.",
        BEST.format("AUC: MeLU; AUC per user: MeLU; NEL: MeLU"),
        "1,234 test users; split 0123456789ab.",
        "Users whose query items all got one score: Global mean (up to 1,100 a seed). For AUC, "
        "equal scores count half.",
        "Yu et al. (2021) show clicks only as bars (Figure 3), of a private log; ours is another, "
        "so these do not compare: AUC best 0.5882, second 0.5806, best baseline 0.5796; NEL best "
        f"{MINUS}0.5426, second {MINUS}0.5382, best baseline {MINUS}0.5080. This NEL has the sign "
        "opposite to ours; with ours, its best would be its largest loss.",
    )


@pytest.mark.parametrize("number", [3, 4, 5])
def test_the_papers_bars_stand_beneath_one_table(
    clicks: Comparison, paper: PaperResults, number: int
) -> None:
    assert not any("Figure 3" in note for note in TABLES[number](clicks, paper).notes)


@pytest.mark.parametrize("number", [4, 5])
def test_groups_of_clicks(clicks: Comparison, paper: PaperResults, number: int) -> None:
    notes = TABLES[number](clicks, paper).notes
    assert notes[-1] == (
        "p: two-tailed t-test between the NEL of major and of minor users, each user's averaged "
        "over seeds (n = 734 major and 500 minor users), unadjusted."
    )
    assert not any(note.startswith("*") for note in notes)
    assert not any("per user" in note for note in notes)


def test_table_4(compared: Comparison, paper: PaperResults) -> None:
    *_, users, test, _, _, every_row, reg_paml, p, share, missing = TABLES[4](compared, paper).notes
    assert users == "1,234 test users; split 0123456789ab."
    assert test == (
        "p: two-tailed t-test between the MSE of major and of minor users, each user's averaged "
        "over seeds (n = 734 major and 500 minor users), unadjusted."
    )
    assert every_row == f"{paper.table_4['movielens'].note}."
    assert reg_paml == f"REG-PAML: {paper.table_4['movielens'].rows['reg-paml'].note}."
    assert p == (
        "The paper's p is over users as well: its 3 trials' means and deviations would give MeLU "
        "p = 0.008, meta-sgd p = 0.074, Transfer learning p = 0.012, AT-PAML p < 0.001, REG-PAML "
        "p = 0.030."
    )
    assert share == (
        "The share w of major users that the paper's figures imply, total = w · major + "
        f"(1 {MINUS} w) · minor in its Tables 2 and 4: MeLU 58.1 to 60.2 %, meta-sgd "
        "60.2 to 62.1 %, Transfer learning 59.6 to 63.5 %, AT-PAML 60.2 to 62.2 %, REG-PAML "
        "59.5 to 64.3 %; on average 61 : 39, where it states 65 : 35 and our test users are "
        "59 : 41."
    )
    assert missing == "In the paper's Table 4, but not run here: meta-sgd."


def test_table_5(compared: Comparison, paper: PaperResults) -> None:
    *_, source, every_row, reg_paml, _, share, missing = TABLES[5](compared, paper).notes
    assert source == SOURCE
    assert share.endswith("No share fits the figures of REG-PAML, reg-paml-1e-2.")
    assert every_row == f"{paper.table_5['movielens'].note}."
    assert reg_paml == f"REG-PAML: {paper.table_5['movielens'].rows['reg-paml'].note}."
    assert missing.endswith(
        "Table 5, but not run here: reg-paml-1e-5, reg-paml-1e-4, reg-paml-1e-2."
    )


def test_whoever_is_all_run_is_not_missed(compared: Comparison, paper: PaperResults) -> None:
    known = {m.name for m in compared.methods}
    paml = compared.method("paml")
    others = [
        paml.model_copy(update={"name": n})
        for n in paper.table_3["movielens"].rows
        if n not in known
    ]
    notes = TABLES[3](
        compared.model_copy(update={"methods": [*compared.methods, *others]}), paper
    ).notes
    assert not any("not run" in note for note in notes)


OURS = "* at a proposed method"


@pytest.mark.parametrize("number", [2, 3])
def test_no_star_is_explained_where_nothing_was_tested(
    compared: Comparison, paper: PaperResults, number: int
) -> None:
    build, none = TABLES[number], {"baseline_p": None, "paml_p": None}
    assert any(note.startswith(OURS) for note in build(compared, paper).notes)
    untested = [
        m.model_copy(
            update={"metrics": {name: s.model_copy(update=none) for name, s in m.metrics.items()}}
        )
        for m in compared.methods
    ]
    table = build(compared.model_copy(update={"methods": untested}), paper)
    assert not any(note.startswith(OURS) for note in table.notes)


def test_the_failure_case_is_of_a_figure(compared: Comparison, paper: PaperResults) -> None:
    failed = compared.method("paml").model_copy(
        update={"name": "at-paml-outer-5e-4", "label": "AT-PAML, β = 5e-4"}
    )
    both = compared.model_copy(update={"methods": [*compared.methods, failed]})
    for number in (3, 5):
        note = "AT-PAML, β = 5e-4: the paper's figures are from its Figure 8, without deviations."
        assert note in TABLES[number](both, paper).notes


def test_a_star_of_other_metrics_is_not_explained(
    compared: Comparison, paper: PaperResults
) -> None:
    at_paml = compared.method("at-paml")
    groups = {n: s for n, s in at_paml.metrics.items() if n.startswith("mse_")}
    plain = {n: s.model_copy(update={"baseline_p": None}) for n, s in at_paml.metrics.items()}
    methods = [
        *(m for m in compared.methods if m.role == "baseline"),
        at_paml.model_copy(update={"metrics": plain | groups}),
    ]
    changed = compared.model_copy(update={"methods": methods})
    for number in (2, 4):
        assert not any(note.startswith(OURS) for note in TABLES[number](changed, paper).notes)


@every_table
def test_one_seed_alone_has_no_deviation(
    compared: Comparison, paper: PaperResults, build: Build
) -> None:
    methods = [m.model_copy(update={"seeds": [0]}) for m in compared.methods]
    notes = build(compared.model_copy(update={"methods": methods}), paper).notes
    assert "One seed only (n = 1): no standard deviation, and no test between seeds." in notes
    assert not any("±" in note for note in notes if not note.startswith("REG-PAML"))


def test_ranked_users(compared: Comparison, paper: PaperResults) -> None:
    def ndcg(**update: object) -> str:
        notes = TABLES[2](compared.model_copy(update=update), paper).notes
        return next(note for note in notes if note.startswith("nDCG:"))

    whom = "nDCG: over the 1,200 test users with at least two query items"
    assert ndcg(short_users={"ndcg_3": 0, "ndcg_5": 0}) == f"{whom}."
    assert ndcg(short_users={"ndcg_3": 0, "ndcg_5": 2}) == (
        f"{whom}. Of these, 2 with fewer than 5, ranked over those they have."
    )
    assert ndcg(task=RatingTask(scale=(0, 10)), short_users={}) == (
        f"{whom}, one of them rated above 0."
    )


@pytest.mark.parametrize("number", [4, 5])
def test_groups_of_ratings_rank_nothing(
    compared: Comparison, paper: PaperResults, number: int
) -> None:
    notes = " ".join(TABLES[number](compared, paper).notes)
    assert "nDCG:" not in notes
    assert "one score" not in notes
