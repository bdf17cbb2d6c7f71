"""Read and check the settings of a run and of the datasets and methods it names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.errors import SettingsError, unknown, validate
from pipeline_lib.settings.layouts import check_layout
from pipeline_lib.settings.methods.base import LearnerSettings, MethodSettings
from pipeline_lib.settings.methods.parse import parse_method
from pipeline_lib.settings.run import Run


@dataclass(frozen=True)
class Settings:
    """One run's settings, with those of the datasets and methods it names."""

    run: Run
    datasets: dict[str, Dataset]
    methods: dict[str, MethodSettings]

    def seeds(self, method: str) -> tuple[int, ...]:
        """List the seeds to train with: a method that draws nothing needs only one."""
        return (
            self.run.seeds
            if isinstance(self.methods[method], LearnerSettings)
            else self.run.seeds[:1]
        )


def load_settings(config: Mapping[str, Any], folder: Path) -> Settings:
    """Check a run's config and the YAML files below `folder` that it names.

    Raises SettingsError naming the file, the key, what is wrong and the nearest valid name.
    """
    run = validate(Run, config, "run config")
    for name, override in run.override.items():
        _method(folder / "methods", name, override, "override")
    datasets = {name: _dataset(folder / "datasets", name) for name in run.datasets}
    _find_raw_files(run, datasets.values())
    _check_head(run, datasets)
    methods = {n: _method(folder / "methods", n, run.override.get(n, {})) for n in run.methods}
    return Settings(run, datasets, methods)


def _dataset(folder: Path, name: str) -> Dataset:
    raw, source = _read(folder, name, "dataset", "datasets")
    dataset = validate(Dataset, raw, source)
    check_layout(dataset, source)
    return dataset


def _method(
    folder: Path, name: str, override: Mapping[str, Any], key: str = "methods"
) -> MethodSettings:
    raw, source = _read(folder, name, "method", key)
    source += " (with this run's override)" if override else ""
    return parse_method({**raw, **override}, source)


def _read(folder: Path, name: str, what: str, key: str) -> tuple[dict[str, Any], str]:
    path = folder / f"{name}.yaml"
    if not path.is_file():
        known = [p.stem for p in folder.glob("*.yaml")]
        raise SettingsError(f"run config: {key}: {unknown(name, what, known)}")
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid YAML: {error}") from error
    if not isinstance(raw, dict):
        raise SettingsError(f"{path}: must hold `key: value` lines")
    return raw, str(path)


def _check_head(run: Run, datasets: Mapping[str, Dataset]) -> None:
    if run.network.head == "value":
        return
    for name, dataset in datasets.items():
        if not dataset.task.has_levels:
            raise SettingsError(
                f"run config: network.head: levels needs ratings of whole steps, but the scale of "
                f"datasets/{name}.yaml is {list(dataset.scale)}; set head: value"
            )


def _find_raw_files(run: Run, datasets: Iterable[Dataset]) -> None:
    if run.logs == "sample" or run.raw_dir is None:
        return
    for dataset in datasets:
        folder = Path(run.raw_dir) / dataset.folder
        for file in dataset.files.values():
            if not (folder / file).is_file():
                raise SettingsError(
                    f"run config: raw_dir: {folder / file} does not exist; put the unpacked "
                    f"{dataset.title} there, or leave raw_dir out to download it"
                )
