"""Users' quartiles, rates and embeddings beside what the paper says of them, by hand."""

import csv
import io

import pytest

from pipeline_lib.evaluation.comparison import Comparison, MethodResult
from pipeline_lib.reporting.tables.checks import check_claims, mean_effect, rank_correlation
from pipeline_lib.reporting.tables.claims import claims_table
from pipeline_lib.reporting.tables.table import DASH, MINUS
from pipeline_lib.reporting.tables.write import to_csv
from pipeline_lib.settings.network import Network
from pipeline_lib.training.record import TrainingRecord
from tests.reporting.conftest import only, reg_paml, spread, with_rates, with_spread
from tests.reporting.page.small_run import records, separation
from tests.reporting.tables.test_methods import lines

GAMMAS = {"reg-paml-1e-5": 1e-5, "reg-paml": 1e-3, "reg-paml-1e-2": 1e-2}


def variant(name: str, *effects: float) -> MethodResult:
    label = f"REG-PAML, γ = {GAMMAS[name]:g}"
    own = reg_paml().model_copy(update={"name": name, "label": label, "role": "ablation"})
    return with_rates(own, *effects)


@pytest.fixture
def world(compared: Comparison) -> Comparison:
    """MSEs by seed: AT-PAML 0.875, 1.125, 1.375; REG-PAML alike, its variants too."""
    methods = {method.name: method for method in compared.methods}
    methods["at-paml"] = with_spread(with_rates(methods["at-paml"], 0.5, 0.25, -0.125), 1.5, 8)
    methods["reg-paml"] = with_spread(with_rates(methods["reg-paml"], 0.75, 1.25, 1.0), 1.25, 7)
    methods["melu"] = with_spread(with_rates(methods["melu"], None, None, None), 1.75, 8)
    others = [variant("reg-paml-1e-5", 0.5, 0.5, 0.5), variant("reg-paml-1e-2", 2.0, 2.0, 2.0)]
    return compared.model_copy(update={"methods": [*methods.values(), *others]})


def trainings(comparison: Comparison) -> list[TrainingRecord]:
    return [
        t.model_copy(update={"settings": {"kind": "reg-paml", "gamma": GAMMAS[t.method]}})
        if t.method in GAMMAS
        else t
        for t in records(comparison)
    ]


def checks(comparison: Comparison) -> dict[str, str]:
    found = check_claims(comparison, trainings(comparison), separation().to_dicts())
    return dict(check.split(": ", 1) for check in found)


def test_the_table(world: Comparison) -> None:
    table = claims_table(world, trainings(world), separation())
    assert table.title == (
        "MovieLens-1M: users' MSE, inner rates and embeddings (the paper's Sections 5.2 and D.7)"
    )
    rows = lines(table)
    assert rows["Method"] == [
        *("lower quartile", "median", "upper quartile", "outliers", "γ", "rates' d"),
        *("AUC of groups", "untrained"),
    ]
    assert rows["AT-PAML"] == [
        *("0.500", "1.000", "1.500", "8", DASH, "+0.21", "0.938", "0.812"),
    ]
    assert rows["MeLU"] == ["0.500", "1.000", "1.750", "8", DASH, DASH, "0.875", "0.750"]
    assert rows["REG-PAML"] == ["0.500", "1.000", "1.250", "7", "0.001", "+1.00", DASH, DASH]
    assert "(up to five folds; 0.5 is chance)" in table.notes[2]
    record = {r["method"]: r for r in csv.DictReader(io.StringIO(to_csv(table)))}["at-paml"]
    assert (record["quartile_3"], record["outliers"], record["group_auc"]) == ("1.5", "8", "0.9375")


def test_every_claim_has_its_verdict(world: Comparison) -> None:
    assert checks(world) == {
        "REG-PAML has fewer outliers than every baseline": (
            "so it is here, REG-PAML 7, MeLU 8, Transfer learning 12."
        ),
        "AT-PAML and REG-PAML have a lower upper quartile of MSE than every baseline": (
            "so it is here, AT-PAML 1.500, REG-PAML 1.250, MeLU 1.750, Transfer learning 2.000."
        ),
        "The closer the groups' rates, the higher the MSE": (
            f"no clear answer here, {MINUS}0.08 is the rank correlation of the size of d and MSE "
            "over 12 trainings, of all variants and seeds."
        ),
        "A larger γ parts the groups' rates more": (
            "so it is here, γ = 1e-05: the size of d 0.50; γ = 0.001: the size of d 1.00; "
            "γ = 0.01: the size of d 2.00."
        ),
        "Embeddings tell the groups apart": (
            "so it is here, with an AUC of 0.875 to 0.938; but untrained ones do with 0.750 to "
            "0.812, as groups follow from the features that are embedded."
        ),
        "γ = 1e-3 has a smaller deviation of MSE over seeds than γ = 1e-2": (
            "not so here, 0.2500 and 0.2500."
        ),
    }


def test_what_does_not_hold_is_said(world: Comparison) -> None:
    methods = [
        with_rates(with_spread(m, 3.0, 99), 3.0, 3.0, 3.0) if m.name == "reg-paml" else m
        for m in world.methods
    ]
    found = list(checks(world.model_copy(update={"methods": methods})).values())
    assert [text.startswith("not so here") for text in found] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("role", ["reference", "baseline", "proposed", "ablation"])
def test_what_was_not_run_is_named(world: Comparison, role: str) -> None:
    alone = only(world, role)  # type: ignore[arg-type]
    own = check_claims(alone, trainings(alone), [])
    lacking = [check for check in own if "cannot be said without" in check]
    assert len(lacking) >= 4
    outliers = {"baseline": "reg-paml", "proposed": "a baseline"}.get(role, "reg-paml, a baseline")
    assert lacking[0].endswith(f"outliers than every baseline: cannot be said without {outliers}.")
    table = claims_table(alone, trainings(alone), None)
    assert "No method with embeddings was run" in " ".join(table.notes)


def test_other_settings_than_gamma_are_not_compared(world: Comparison) -> None:
    changed = [
        t.model_copy(update={"settings": t.settings | {"outer_lr": 1.0}})
        if t.method in GAMMAS and t.method != "reg-paml"
        else t
        for t in trainings(world)
    ]
    found = check_claims(world, changed, [])
    assert "A larger γ parts the groups' rates more: cannot be said without" in found[3]


def test_what_was_run_is_not_named_as_lacking(world: Comparison) -> None:
    """AT-PAML is there and REG-PAML is not; so is REG-PAML with γ = 1e-2."""
    left = [m for m in world.methods if m.name != "reg-paml"]
    found = checks(world.model_copy(update={"methods": left}))
    lacking = [text.removeprefix("cannot be said without ") for text in found.values()]
    assert lacking[:2] == ["reg-paml.", "reg-paml."]
    assert lacking[5] == "several seeds of reg-paml."


def test_embeddings_lack_a_method_or_a_group(world: Comparison) -> None:
    alike = [row | {"auc": None, "untrained_auc": None} for row in separation().to_dicts()]
    for rows, lacking in (([], "a method with embeddings"), (alike, "users of both groups")):
        found = check_claims(world, trainings(world), rows)[4]
        assert found == f"Embeddings tell the groups apart: cannot be said without {lacking}."


@pytest.mark.parametrize(
    ("effects", "start"),
    [
        ((3, 2, 1), f"so it is here, {MINUS}1.00 is"),
        ((1, 2, 3), "not so here, +1.00 is"),
        ((2, 1, 2), "no clear answer here, +0.00 is"),
        ((2, 3, 1), f"so it is here, {MINUS}0.50 is"),
    ],
)
def test_a_rank_correlation_answers_from_a_size_on(
    world: Comparison, effects: tuple[float, ...], start: str
) -> None:
    """Errors rise from seed to seed; so do the effects, fall, or neither."""
    reg_paml = with_rates(world.method("reg-paml"), *effects)
    found = checks(world.model_copy(update={"methods": [reg_paml]}))
    assert found["The closer the groups' rates, the higher the MSE"].startswith(start)


def test_another_head_is_not_compared(world: Comparison) -> None:
    """Settings leave out the head, so that REG-PAML with levels has those of REG-PAML."""
    name, network = "reg-paml-levels", Network(embedding_size=4, embedding_std=1, hidden=(8,))
    own = [t.model_copy(update={"network": network}) for t in trainings(world)]
    levels = {"method": name, "network": network.model_copy(update={"head": "levels"})}
    others = [t.model_copy(update=levels) for t in own if t.method == "reg-paml"]
    other = with_rates(world.method("reg-paml"), 9, 9, 9).model_copy(update={"name": name})
    both = world.model_copy(update={"methods": [*world.methods, other]})
    text = check_claims(both, [*own, *others], [])[3]
    assert "9.00" not in text
    assert text.count("γ = 0.001") == 1


def test_no_correlation_of_few_or_of_alike() -> None:
    assert rank_correlation([(1, 2), (2, 1)]) is None
    assert rank_correlation([(1, 2), (1, 3), (1, 4)]) is None
    assert rank_correlation([(1, 4), (2, 3), (3, 2)]) == pytest.approx(-1)


def test_the_mean_effect_leaves_out_seeds_without_spread(compared: Comparison) -> None:
    melu = compared.method("melu")
    assert mean_effect(melu) is None
    assert mean_effect(with_rates(melu, 1.0, None, 2.0)) == 1.5
    assert spread(1.0).sd == 0.25


def test_clicks_have_their_own_error(clicks: Comparison) -> None:
    table = claims_table(clicks, records(clicks), separation())
    assert table.title.startswith("Ad clicks: users' NEL, inner rates and embeddings")
    assert any("the higher the NEL" in note for note in table.notes)
