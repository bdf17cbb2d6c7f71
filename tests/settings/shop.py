"""A small shop's dataset, as a newcomer would write it, for tests to spoil."""

from pathlib import Path

import pytest

from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import read_dataset

SHOP = """\
title: My shop
licence: for ourselves only
folder: shop
task: {kind: rating, scale: [1, 5]}
users:
  file: customers.tsv
  user: customer
items:
  file: products.csv
  item: product
interactions:
  file: orders.txt
  separator: "::"
  columns: [customer, product, stars, day]
  user: customer
  item: product
  target: stars
user_features:
  gender: categorical
  country: categorical
  age: {kind: bucketed, edges: [25, 40, 60]}
item_features:
  category: categorical
  tags: {kind: multi-valued, separator: "|"}
  price: numeric
"""


def shop(old: str = "", new: str = "") -> str:
    """Replace a text that the shop's YAML holds once."""
    assert not old or SHOP.count(old) == 1, old
    return SHOP.replace(old, new) if old else SHOP


def write_shop(folder: Path, text: str = SHOP, name: str = "shop") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def accepted(folder: Path, old: str = "", new: str = "") -> Dataset:
    """Read the shop's YAML with one change."""
    write_shop(folder, shop(old, new))
    return read_dataset(folder, "shop")


def refusal(folder: Path, old: str, new: str) -> str:
    """Return what is wrong after one change, without the file's name, which it starts with."""
    with pytest.raises(SettingsError) as caught:
        accepted(folder, old, new)
    lines = str(caught.value).splitlines()
    start = f"{folder}/shop.yaml: "
    assert all(line.startswith(start) for line in lines), lines
    return "\n".join(line.removeprefix(start) for line in lines)
