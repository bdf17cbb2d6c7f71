"""A dataset that extends another says only what differs."""

from pathlib import Path

import pytest

from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import read_dataset
from pipeline_lib.settings.task import ClickTask
from tests.settings.shop import write_shop


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_shop(tmp_path)
    return tmp_path


def refusal(folder: Path, text: str) -> str:
    write_shop(folder, text, "variant")
    with pytest.raises(SettingsError) as caught:
        read_dataset(folder, "variant")
    return str(caught.value).replace(f"{folder}/", "")


def test_what_is_not_said_stays(folder: Path) -> None:
    text = "extends: shop\nitem_features: {price: {kind: numeric, between: [1, 9]}}\n"
    write_shop(folder, text, "variant")
    base, variant = (read_dataset(folder, name) for name in ("shop", "variant"))
    assert list(variant.item_features) == ["category", "tags", "price"]
    price = base.item_features["price"].model_copy(update={"between": (1.0, 9.0)})
    changed = {**base.item_features, "price": price}
    assert variant == base.model_copy(update={"item_features": changed})


def test_mappings_are_merged_and_lists_replaced(folder: Path) -> None:
    text = "extends: shop\nusers: {file: people.csv}\nuser_features: {age: {edges: [50]}}\n"
    write_shop(folder, text, "variant")
    variant = read_dataset(folder, "variant")
    assert variant.users
    assert (variant.users[0].file, variant.users[0].user.column) == ("people.csv", "customer")
    assert variant.user_features["age"].model_dump()["edges"] == (50.0,)


def test_another_kind_replaces(folder: Path) -> None:
    text = "extends: shop\ntask: {kind: click}\nuser_features: {age: {kind: numeric}}\n"
    write_shop(folder, text + "partition: {major_features: 2}\n", "variant")
    variant = read_dataset(folder, "variant")
    assert variant.task == ClickTask()
    assert variant.user_features["age"].kind == "numeric"


def test_a_variant_may_be_extended(folder: Path) -> None:
    write_shop(folder, "extends: shop\ntitle: One\npartition: {min_interactions: 3}\n", "one")
    write_shop(folder, "extends: one\npartition: {cold_share: 0.5}\n", "two")
    two = read_dataset(folder, "two")
    assert (two.title, two.partition.min_interactions, two.partition.cold_share) == ("One", 3, 0.5)


def test_an_unknown_dataset_is_named_with_the_nearest_one(folder: Path) -> None:
    assert refusal(folder, "extends: shopp\n") == (
        "variant.yaml: extends: unknown dataset 'shopp'; did you mean 'shop'? Known: shop, variant"
    )


def test_a_circle_is_refused(folder: Path) -> None:
    write_shop(folder, "extends: variant\n", "other")
    assert refusal(folder, "extends: other\n") == (
        "variant.yaml: extends goes round in a circle: variant → other → variant"
    )


def test_a_mistake_is_named_with_both_files(folder: Path) -> None:
    assert refusal(folder, "extends: shop\nfolder: a/b\n") == (
        "variant.yaml (extends shop): folder: must be a plain name without folders, but is 'a/b'; "
        "write for example `folder: shop`"
    )


def test_the_literal_bookcrossing_differs_in_its_rules_alone(config: Path) -> None:
    base, literal = (
        read_dataset(config / "datasets", name) for name in ("bookcrossing", "bookcrossing-literal")
    )
    assert literal.partition != base.partition
    same = {"partition": base.partition, "title": base.title}
    assert literal.model_copy(update=same) == base
