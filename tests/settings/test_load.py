"""Settings as they are loaded: those delivered, overrides, and what is found where."""

import shutil
from pathlib import Path

import pytest
import yaml

from pipeline_lib.settings.load import load_settings
from pipeline_lib.settings.methods.base import known_kinds, settings_class
from tests.settings.conftest import Edit
from tests.settings.run import RUN, network, refusal, refusal_of
from tests.settings.shop import write_shop


@pytest.mark.parametrize("name", ["config", "paper", "readings", "rivals"])
def test_delivered_runs_load(config: Path, name: str) -> None:
    raw = yaml.safe_load((config / f"{name}.yaml").read_text())
    settings = load_settings(raw, config)
    assert list(settings.methods) == raw["methods"]
    assert list(settings.datasets) == raw["datasets"]
    assert settings.run.logs == ("sample" if name == "config" else "real")


def test_the_delivered_search_judges_what_it_chose_on_other_splits(config: Path) -> None:
    raw = yaml.safe_load((config / "tuned.yaml").read_text())
    run = load_settings({**raw, "datasets": ["movielens-ids"]}, config).run
    assert run.search is not None
    assert run.splits is not None
    assert run.split_seed not in run.splits.seeds
    # Taking the closed form apart is for the run's own split; all others are judged on the others.
    apart = {m for m in run.methods if m.startswith("effects-ridge-")}
    assert set(run.splits.methods) == set(run.methods) - apart


def test_every_delivered_method_loads_and_every_kind_has_one(config: Path) -> None:
    names = [path.stem for path in (config / "methods").glob("*.yaml")]
    methods = load_settings({**RUN, "methods": names}, config).methods
    assert {type(method) for method in methods.values()} == set(map(settings_class, known_kinds()))


def test_paper_run_has_the_papers_network(config: Path) -> None:
    run = load_settings(yaml.safe_load((config / "paper.yaml").read_text()), config).run
    assert (run.network.embedding_size, run.network.hidden) == (32, (320, 192))


def test_settings_are_typed_and_cannot_be_changed(config: Path) -> None:
    settings = load_settings(RUN, config)
    assert isinstance(settings.methods["melu"], settings_class("melu"))
    assert settings.run.network.hidden == (32, 16)
    with pytest.raises(ValueError, match="frozen"):
        settings.run.split_seed = 5  # type: ignore[misc]


def test_a_method_that_draws_nothing_has_one_seed(config: Path) -> None:
    settings = load_settings(RUN, config)
    assert settings.seeds("global-mean") == (3,)
    assert settings.seeds("melu") == (3, 1, 2)


def test_an_override_changes_its_method_alone(config: Path) -> None:
    plain = load_settings(RUN, config).methods
    changed = load_settings({**RUN, "override": {"paml": {"lr_max": 0.25}}}, config).methods
    assert changed["paml"] == plain["paml"].model_copy(update={"lr_max": 0.25})
    assert changed["melu"] == plain["melu"]


def test_an_override_on_a_dataset_adds_to_that_of_its_method(config: Path) -> None:
    override = {"paml": {"lr_max": 0.25, "epochs": 3}, "movielens/paml": {"epochs": 4}}
    settings = load_settings({**RUN, "override": override}, config)
    everywhere = settings.methods["paml"]
    here = settings.method("movielens", "paml")
    assert here == everywhere.model_copy(update={"epochs": 4})
    assert here != everywhere == settings.method("taobao", "paml")


def test_datasets_may_lie_in_a_folder_of_their_own(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "my datasets"
    write_shop(own, "extends: movielens\ntitle: Mine\n", "mine")
    for given in (str(own), "~/my datasets", "my datasets/"):
        run = {**RUN, "datasets": ["mine", "movielens"], "dataset_dir": given}
        loaded = load_settings({**run, "override": {"mine/melu": {"epochs": 3}}}, folder)
        assert [data.title for data in loaded.datasets.values()] == ["Mine", "MovieLens-1M"]
        assert loaded.method("mine", "melu") != loaded.method("movielens", "melu")
    where = {"datasets": ["mine"], "dataset_dir": "~/my datasets"}
    shutil.copy(own / "mine.yaml", folder / "datasets/mine.yaml")
    assert refusal(folder, **where) == (
        f"run config: datasets: the dataset 'mine' is in {folder}/datasets/mine.yaml and "
        f"{own}/mine.yaml; rename one of them"
    )
    (folder / "datasets/mine.yaml").unlink()
    assert "unknown dataset 'mnie'; did you mean 'mine'?" in refusal(
        folder, **where | {"datasets": ["mnie"]}
    )


def test_levels_need_a_scale_of_whole_steps(folder: Path, edit: Edit) -> None:
    levels = {**RUN, "network": network(head="levels")}
    assert load_settings(levels, folder).run.network.head == "levels"
    edit("datasets/movielens.yaml", "scale: [1, 5]", "scale: [0.5, 5]")
    assert "network.head: levels needs ratings of whole steps" in refusal_of(levels, folder)
    assert "[0.5, 5.0]" in refusal_of(levels, folder)
    load_settings(RUN, folder)
