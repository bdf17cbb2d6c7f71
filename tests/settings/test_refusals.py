"""Settings that are refused: the message says where, and what to write instead."""

from pathlib import Path

import pytest

from tests.settings.conftest import Edit
from tests.settings.run import RUN, network, refusal, refusal_of


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


def test_a_memory_holds_at_least_a_batch(folder: Path) -> None:
    override = {"at-paml": {"memory_size": 31}}
    message = refusal(folder, methods=["at-paml"], override=override)
    assert "memory_size is 31, but must hold the 32 users of a batch" in message
