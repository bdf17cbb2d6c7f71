"""One setting at several values: a method each."""

from pathlib import Path
from typing import Any

import pytest

from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import Settings, load_settings
from pipeline_lib.settings.sweep import Variant, curves
from tests.settings.run import RUN


def load(config: Path, sweep: dict[str, Any], **changes: Any) -> Settings:  # noqa: ANN401
    return load_settings({**RUN, "sweep": sweep, **changes}, config)


def test_every_value_is_a_method_that_differs_in_it_alone(config: Path) -> None:
    override = {"reg-paml": {"epochs": 3}, "movielens/reg-paml": {"lr_max": 0.5}}
    loaded = load(config, {"reg-paml": {"gamma": [0.001, "1e-2", 1.0]}}, override=override)
    names = ["reg-paml-gamma-0.001", "reg-paml-gamma-1e-2", "reg-paml-gamma-1"]
    assert list(loaded.methods) == [*RUN["methods"], *names]
    own = [loaded.methods[name].for_training() for name in names]
    assert [settings.pop("gamma") for settings in own] == [0.001, 0.01, 1.0]
    assert own[0] == own[1] == own[2]
    assert own[0]["epochs"] == 3
    first = loaded.method("movielens", names[0])
    assert (first.label, first.role) == ("REG-PAML, gamma = 0.001", "ablation")
    assert first.for_training() == own[0] | {"gamma": 0.001, "lr_max": 0.5}


def test_without_a_sweep_nothing_is_added(config: Path) -> None:
    assert list(load(config, {}).methods) == RUN["methods"]


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ({"reg-pamml": {"gamma": [1, 2]}}, "sweep: unknown method 'reg-pamml'; did you mean"),
        ({"reg-paml": {"gama": [1, 2]}}, "unknown key 'gama'; did you mean 'gamma'"),
        ({"reg-paml": {"gamma": [-1.0]}}, "gamma: must be greater than or equal to 0"),
        ({"reg-paml": {"gamma": []}}, "sweep.reg-paml.gamma: must hold at least 1 value"),
        ({"reg-paml": {"gamma": [1, 1]}}, "names something twice"),
        ({"reg-paml": {"gamma": [1, "1"]}}, "there is a method 'reg-paml-gamma-1' without it"),
    ],
)
def test_a_wrong_sweep_is_refused(config: Path, sweep: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(config, sweep)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.5, "0.5"), (1e-5, "1e-05"), (3, "3"), (2.0, "2"), (0.12345678, "0.12345678"), ("a", "a")],
)
def test_a_name_has_the_value_as_short_as_it_stays_the_same(value: Any, written: str) -> None:  # noqa: ANN401
    assert Variant("melu", "inner_lr", value).name == f"melu-inner_lr-{written}"


def test_a_curve_is_of_methods_that_differ_in_one_number_with_three_values() -> None:
    base = {"kind": "a", "epochs": 2}
    methods = {
        "one": {**base, "rate": 0.1},
        "two": {**base, "rate": 0.2},
        "other": {"kind": "b", "epochs": 2, "rate": 0.3},
        "three": {**base, "rate": 0.3},
        "long": {**base, "epochs": 9, "rate": 0.3},
    }
    assert curves(methods) == [("rate", {"one": 0.1, "two": 0.2, "three": 0.3})]
    del methods["two"]
    assert curves(methods) == []


def test_a_swept_method_may_be_on_further_splits_and_take_a_choice(config: Path) -> None:
    name = "reg-paml-gamma-0.01"
    settings = load(
        config,
        {"reg-paml": {"gamma": [0.01, 0.1]}},
        splits={"seeds": [1, 2], "methods": [name]},
        search={"candidates": 2, "space": {"melu": {"outer_lr": [0.1]}}, "like": {name: "melu"}},
    )
    assert settings.leader(name) == "melu"
    assert name in settings.methods
