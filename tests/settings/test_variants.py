"""A method's file that extends another says what differs; the paper's readings are such files."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import Settings, load_settings

NETWORK: dict[str, Any] = {"embedding_size": 8, "embedding_std": 0.3, "hidden": [32, 16]}
RUN: dict[str, Any] = {
    "name": "sample-variants",
    "logs": "sample",
    "datasets": ["movielens"],
    "seeds": [0],
    "split_seed": 0,
    "network": NETWORK,
}
SHOWN = {"label", "role"}
# What else may differ in the variants whose names end so.
READINGS: dict[str, dict[str, Any]] = {
    "outer-5e-6": {"outer_lr": 5e-6},
    "warmup-5e-6": {"warmup_lr": 5e-6},
    "replace": {"known_users": "replace"},
    "append": {"known_users": "append"},
    "dealt-anew": {"support_share": (0.8, 0.8)},
    "levels": {"head": "levels"},
    "adapt-all": {"adapt": "all"},
}


def load(folder: Path, *methods: str, **changes: object) -> Settings:
    return load_settings({**RUN, "methods": list(methods), **changes}, folder)


@pytest.fixture
def folder(config: Path, tmp_path: Path) -> Path:
    """A copy of the settings that a test can change."""
    copy = tmp_path / "config"
    shutil.copytree(config, copy)
    return copy


def write(folder: Path, name: str, text: str) -> None:
    (folder / f"methods/{name}.yaml").write_text(text, encoding="utf-8")


def test_each_reading_of_the_paper_differs_from_its_method_in_that_alone(config: Path) -> None:
    raw = {
        p.stem: yaml.safe_load(p.read_text("utf-8")) for p in (config / "methods").glob("*.yaml")
    }
    bases = {name: own["extends"] for name, own in raw.items() if "extends" in own}
    methods = load(config, *raw).methods
    readings = [n for n, base in bases.items() if n.removeprefix(f"{base}-") in READINGS]
    assert len(readings) >= 23
    for name in readings:
        reading = READINGS[name.removeprefix(f"{bases[name]}-")]
        base = methods[bases[name]]
        changed = base.model_copy(update=reading).model_dump(exclude=SHOWN)
        assert methods[name].model_dump(exclude=SHOWN) == changed, name
        assert methods[name].role == "ablation"
        assert methods[name].label != base.label


def test_methods_of_two_runs_of_the_paper_train_alike_in_both(config: Path) -> None:
    raw = [yaml.safe_load((config / f"{n}.yaml").read_text("utf-8")) for n in ("paper", "readings")]
    paper, readings = (load_settings(one, config).methods for one in raw)
    shared = paper.keys() & readings.keys()
    assert len(shared) >= 6
    for name in shared:
        assert paper[name] == readings[name], name
    indices = {own.model_dump().get("index") for own in (*paper.values(), *readings.values())}
    assert indices == {None, "flann"}


def test_an_override_changes_a_variant_and_not_its_base(config: Path) -> None:
    names = "melu", "melu-outer-5e-6"
    methods = load(config, *names, override={"melu-outer-5e-6": {"epochs": 3}}).methods
    assert [methods[name].model_dump()["epochs"] for name in names] == [20, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("extends: mellu\n", "own.yaml: extends: unknown method 'mellu'; did you mean 'melu'?"),
        ("extends: own\n", "own.yaml: extends goes round in a circle: own → own"),
        ("extends: melu\nlr_max: 1\n", "own.yaml (extends melu): unknown key 'lr_max'; "),
    ],
)
def test_a_wrong_variant_is_refused_with_its_file(folder: Path, text: str, message: str) -> None:
    write(folder, "own", text)
    with pytest.raises(SettingsError) as caught:
        load(folder, "own")
    assert str(caught.value).replace(f"{folder}/methods/", "").startswith(message)


def test_dealing_anew_would_change_nothing_in_transfer_learning(folder: Path) -> None:
    write(folder, "own", "extends: transfer\nsupport_share: [0.8, 0.8]\n")
    with pytest.raises(SettingsError, match=r"own.yaml \(extends transfer\): support_share: "):
        load(folder, "own")


class TestOuterRates:
    def test_are_of_methods_that_differ_in_nothing_else(self, config: Path) -> None:
        names = "two-bias", "melu", "melu-outer-5e-6", "melu-levels", "paml", "reg-paml"
        rates = {"melu": 5e-5, "melu-outer-5e-6": 5e-6}
        assert load(config, *names).outer_rates("movielens") == rates

    def test_are_those_of_each_dataset(self, config: Path) -> None:
        """Overrides part two methods on one dataset alone, or make their rates equal there."""
        names, datasets = ("melu", "melu-outer-5e-6"), ["movielens", "bookcrossing"]
        for changes in ({"epochs": 3}, {"outer_lr": 5e-6}):
            override = {"bookcrossing/melu": changes}
            settings = load(config, *names, datasets=datasets, override=override)
            assert settings.outer_rates("movielens") == {"melu": 5e-5, "melu-outer-5e-6": 5e-6}
            assert settings.outer_rates("bookcrossing") == {}

    def test_are_not_those_that_a_search_replaces(self, config: Path) -> None:
        search = {"candidates": 2, "space": {"melu": {"outer_lr": [0.1]}}}
        settings = load(config, "melu", "melu-outer-5e-6", search=search)
        assert settings.outer_rates("movielens") == {}

    def test_are_none_in_the_default_run(self, config: Path) -> None:
        raw = yaml.safe_load((config / "config.yaml").read_text(encoding="utf-8"))
        settings = load_settings(raw, config)
        assert not any(map(settings.outer_rates, settings.datasets))

    def test_of_the_papers_run_are_those_of_all_its_methods(self, config: Path) -> None:
        raw = yaml.safe_load((config / "paper.yaml").read_text(encoding="utf-8"))
        rates = load_settings(raw, config).outer_rates("movielens")
        for name in ("transfer", "melu", "meta-sgd", "at-paml", "reg-paml"):
            assert (rates[name], rates[f"{name}-outer-5e-6"]) == (5e-5, 5e-6)
        assert (rates["paml"], rates["paml-outer-5e-5"]) == (5e-6, 5e-5)


class TestHead:
    def test_is_the_methods_own_or_the_runs(self, config: Path) -> None:
        settings = load(config, "melu", "melu-levels", "two-bias")
        names = "melu", "melu-levels", "two-bias"
        heads = {name: settings.network("movielens", name).head for name in names}
        assert heads == {"melu": "value", "melu-levels": "levels", "two-bias": "value"}
        own = settings.network("movielens", "melu-levels")
        assert own.model_copy(update={"head": "value"}) == settings.run.network

    def test_of_a_method_stands_above_the_runs(self, config: Path) -> None:
        levels = {"network": NETWORK | {"head": "levels"}, "override": {"melu": {"head": "value"}}}
        settings = load(config, "melu", "paml", **levels)
        assert settings.network("movielens", "melu").head == "value"
        assert settings.network("movielens", "paml").head == "levels"

    def test_with_levels_needs_whole_steps(self, folder: Path) -> None:
        path = folder / "datasets/movielens.yaml"
        text = path.read_text(encoding="utf-8")
        changed = text.replace("scale: [1, 5]", "scale: [1, 4.7]")
        assert changed != text
        path.write_text(changed, encoding="utf-8")
        load(folder, "melu")
        with pytest.raises(SettingsError, match=r"^methods/melu-levels.yaml: head: levels needs"):
            load(folder, "melu", "melu-levels")

    def test_is_of_the_network_in_a_search(self, config: Path) -> None:
        search = {"candidates": 2, "space": {"melu": {"head": ["levels"]}}}
        with pytest.raises(SettingsError, match="melu: head changes no training; a head is sea"):
            load(config, "melu", search=search)

    def test_of_a_follower_stays_where_it_differs(self, config: Path) -> None:
        space = {"melu": {"inner_lr": [0.1], "network.head": ["value", "levels"]}}
        search = {"candidates": 2, "space": space, "like": {"melu-levels": "melu"}}
        settings = load(config, "melu", "melu-levels", search=search)
        assert settings.taken("movielens", "melu-levels") == ["inner_lr"]
