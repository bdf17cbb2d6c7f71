"""A run's settings, and what is said of them where they are refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline_lib.settings.errors import SettingsError
from pipeline_lib.settings.load import load_settings

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
