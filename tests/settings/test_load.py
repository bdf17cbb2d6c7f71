"""Settings: what is refused, and that the message says where and what to write instead."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import load_settings
from pipeline_lib.settings.methods.base import known_kinds, settings_class
from tests.settings.shop import write_shop

Edit = Callable[[str, str, str], None]
RUN: dict[str, Any] = {
    "name": "sample-test",
    "logs": "sample",
    "datasets": ["movielens"],
    "methods": ["global-mean", "melu", "paml"],
    "seeds": [3, 1, 2],
    "split_seed": 0,
    "network": {"embedding_size": 8, "embedding_std": 0.3, "hidden": [32, 16]},
}


def refusal(folder: Path, **changes: object) -> str:
    return refusal_of({**RUN, **changes}, folder)


def refusal_of(run: Mapping[str, object], folder: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(run, folder)
    return str(caught.value)


def network(**changes: object) -> dict[str, object]:
    return {**RUN["network"], **changes}


@pytest.fixture
def folder(config: Path, tmp_path: Path) -> Path:
    """A copy of the settings that a test can change."""
    copy = tmp_path / "config"
    shutil.copytree(config, copy)
    return copy


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Replace a text that a settings file holds once."""

    def replace(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text()
        assert text.count(old) == 1
        (folder / file).write_text(text.replace(old, new))

    return replace


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


@pytest.mark.parametrize(
    ("splits", "error"),
    [
        ({"seeds": [1, 0]}, "splits.seeds has 0, the run's own split_seed, on which settings are"),
        (
            {"seeds": [1, 2], "methods": ["two-bis"]},
            "splits.methods: unknown method 'two-bis'; did",
        ),
        ({"seeds": [1, 2], "methods": ["two-bias"]}, "none of two-bias is among methods"),
        ({"seeds": [1]}, "splits.seeds"),
        ({"seeds": [1, 1]}, "names something twice: 1, 1"),
    ],
)
def test_further_splits_are_others_of_the_runs_methods(
    config: Path, splits: object, error: str
) -> None:
    assert error in refusal(config, splits=splits)


def test_an_unknown_key_is_named_with_the_nearest_one(config: Path) -> None:
    message = refusal(config, sedes=[1])
    assert message.startswith("run config: unknown key 'sedes'; did you mean 'seeds'? Known: data")


def test_an_unknown_nested_key_is_named_with_its_place(config: Path) -> None:
    assert refusal(config, network=network(hiden=[3])) == (
        "run config: network: unknown key 'hiden'; did you mean 'hidden'? "
        "Known: embedding_size, embedding_std, head, hidden"
    )


def test_a_key_like_no_other_is_answered_with_all(config: Path) -> None:
    assert refusal(config, network=network(zzz=3)) == (
        "run config: network: unknown key 'zzz'; Known: embedding_size, embedding_std, head, hidden"
    )


def test_an_unknown_key_of_a_method_is_named_with_its_file(folder: Path, edit: Edit) -> None:
    edit("methods/melu.yaml", "inner_lr:", "inner_rl:")
    missing, unknown = refusal(folder).splitlines()
    assert missing == f"{folder}/methods/melu.yaml: inner_lr: missing; add it"
    assert unknown.startswith(
        f"{folder}/methods/melu.yaml: unknown key 'inner_rl'; did you mean 'inner_lr'? Known: "
    )


def test_an_unknown_key_of_an_override_is_named_as_such(config: Path) -> None:
    message = refusal(config, override={"paml": {"lrmax": 1}})
    assert message.startswith(
        f"{config}/methods/paml.yaml (with this run's override): unknown key 'lrmax'; "
        "did you mean 'lr_max'? Known: "
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"seeds": "x"},
            "seeds: must be a list in [ ], but is 'x'; write for example `seeds: [x]`",
        ),
        (
            {"seeds": [True]},
            "seeds: yes, no, true and false are no values of any setting; "
            'if a text is meant, put it in quotes: "no"',
        ),
        ({"raw_dir": "logs"}, "raw_dir is of no use with logs: sample; set logs: real and a name"),
        (
            {"processes": 3, "nodes": 2},
            "processes is 3, but each of 2 nodes has as many; write for example `processes: 2`",
        ),
        (
            {"name": "mine", "logs": "real", "raw_dir": "logs/{x}"},
            "raw_dir is 'logs/{x}', and snakemake takes braces in a path for its wildcards; "
            "rename the folder, or set raw_dir to a link to it",
        ),
        ({"seeds": []}, "seeds: must hold at least 1 value, but is []"),
        ({"seeds": [0, -1]}, "seeds.1: must be greater than or equal to 0, but is -1"),
        ({"seeds": ["one"]}, "seeds.0: must be a whole number, but is 'one'"),
        ({"logs": "fake"}, "logs: must be 'sample' or 'real', but is 'fake'"),
        ({"device": "tpu"}, "device: must be 'auto', 'cpu' or 'cuda', but is 'tpu'"),
        ({"methods": ["melu", "melu"]}, "methods: names something twice: melu, melu"),
        ({"seeds": [1, 1]}, "seeds: names something twice: 1, 1"),
        (
            {"methods": ["../methods/melu"]},
            "methods.0: must be letters, digits, - and _ alone, but is '../methods/melu'",
        ),
        ({"name": "a/b"}, "name: must be letters, digits, - and _ alone, but is 'a/b'"),
        (
            {"network": network(hidden=[32, 0])},
            "network.hidden.1: must be greater than 0, but is 0",
        ),
        (
            {"network": network(embedding_size=1.5)},
            "network.embedding_size: must be a whole number, but is 1.5",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_key(
    config: Path, changes: dict[str, object], message: str
) -> None:
    assert refusal(config, **changes) == f"run config: {message}"


def test_every_finding_is_listed(config: Path) -> None:
    lines = refusal(config, seeds="x", sedes=1).splitlines()
    assert [line.split(";")[0] for line in lines] == [
        "run config: seeds: must be a list in [ ], but is 'x'",
        "run config: unknown key 'sedes'",
    ]


def test_a_missing_key_is_named(config: Path) -> None:
    run = {key: value for key, value in RUN.items() if key != "network"}
    assert refusal_of(run, config) == "run config: network: missing; add it"


def test_an_unknown_method_is_named_with_the_nearest_one(config: Path) -> None:
    message = refusal(config, methods=["pamll"])
    assert message.startswith(
        "run config: methods: unknown method 'pamll'; did you mean 'paml'? Known: "
    )


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


def test_a_folder_that_there_is_not_is_refused(folder: Path) -> None:
    assert refusal(folder, dataset_dir="/no/such") == (
        "run config: dataset_dir: /no/such is no folder; correct it"
    )
    assert refusal(folder, dataset_dir="~no-such-user/x") == (
        "run config: dataset_dir: '~no-such-user/x' names the home of nobody here"
    )


def test_the_raw_logs_may_be_at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    run = {**RUN, "name": "mine", "logs": "real", "raw_dir": "~/raw"}
    message = refusal_of(run, folder)
    assert message.startswith("run config: raw_dir: /home/ann/raw/ml-1m/users.dat does not exist")


def test_an_unknown_dataset_is_named_with_the_nearest_one(config: Path) -> None:
    message = refusal(config, datasets=["movielense"])
    assert message.startswith(
        "run config: datasets: unknown dataset 'movielense'; did you mean 'movielens'? Known: "
    )


def test_an_unknown_method_in_override_is_named_with_the_nearest_one(config: Path) -> None:
    message = refusal(config, override={"pamel": {"lr_max": 1}})
    assert message.startswith(
        "run config: override: unknown method 'pamel'; did you mean 'paml'? Known: "
    )


def test_an_unknown_kind_is_named_with_its_file_and_the_nearest_one(
    folder: Path, edit: Edit
) -> None:
    edit("methods/melu.yaml", "kind: melu", "kind: mellu")
    assert refusal(folder).startswith(
        f"{folder}/methods/melu.yaml: kind: unknown kind 'mellu'; did you mean 'melu'? Known: "
    )


def test_a_missing_kind_is_named_with_its_file(folder: Path, edit: Edit) -> None:
    edit("methods/melu.yaml", "kind: melu", "")
    assert refusal(folder).startswith(f"{folder}/methods/melu.yaml: kind: ")


def test_a_kind_that_is_a_list_is_refused(folder: Path, edit: Edit) -> None:
    edit("methods/melu.yaml", "kind: melu", "kind: [melu]")
    assert refusal(folder).startswith(f"{folder}/methods/melu.yaml: kind: ")


@pytest.mark.parametrize(("name", "logs"), [("paper", "sample"), ("sample", "real")])
def test_sample_and_real_results_cannot_share_a_folder(config: Path, name: str, logs: str) -> None:
    assert refusal(config, name=name, logs=logs).startswith(
        f"run config: name is {name!r}, but logs is {logs!r}: runs on sample logs, and only they"
    )


def test_an_override_of_a_method_that_is_not_run_is_checked_too(config: Path) -> None:
    message = refusal(config, methods=["melu"], override={"paml": {"lr_mx": 1}})
    assert "unknown key 'lr_mx'; did you mean 'lr_max'?" in message


def test_levels_need_a_scale_of_whole_steps(folder: Path, edit: Edit) -> None:
    levels = {**RUN, "network": network(head="levels")}
    assert load_settings(levels, folder).run.network.head == "levels"
    edit("datasets/movielens.yaml", "scale: [1, 5]", "scale: [0.5, 5]")
    assert "network.head: levels needs ratings of whole steps" in refusal_of(levels, folder)
    assert "[0.5, 5.0]" in refusal_of(levels, folder)
    load_settings(RUN, folder)


def test_a_memory_holds_at_least_a_batch(folder: Path) -> None:
    override = {"at-paml": {"memory_size": 31}}
    message = refusal(folder, methods=["at-paml"], override=override)
    assert "memory_size is 31, but must hold the 32 users of a batch" in message
