"""Read and check the settings of a run and of the datasets and methods it names."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline_lib.settings.dataset import Dataset
from pipeline_lib.settings.errors import SettingsError, unknown, validate
from pipeline_lib.settings.files import read_named, read_whole
from pipeline_lib.settings.methods.base import (
    EmbeddedSettings,
    LearnerSettings,
    MethodSettings,
    outer_rates,
    parse_method,
)
from pipeline_lib.settings.network import Network
from pipeline_lib.settings.own_methods import use_methods
from pipeline_lib.settings.run import Run
from pipeline_lib.settings.search import OF_NETWORK, split_values
from pipeline_lib.settings.sweep import variants


@dataclass(frozen=True)
class Settings:
    """One run's settings, with those of the datasets and methods it names.

    on_dataset: by dataset and method, where the run overrides settings on that dataset alone.
    """

    run: Run
    datasets: dict[str, Dataset]
    methods: dict[str, MethodSettings]
    on_dataset: dict[tuple[str, str], MethodSettings]

    def method(self, dataset: str, name: str) -> MethodSettings:
        """Return a method's settings on a dataset, which may override some."""
        return self.on_dataset.get((dataset, name), self.methods[name])

    def network(self, dataset: str, method: str) -> Network:
        """Return the network of a learner on a dataset: the run's, with the method's own head."""
        own = self.method(dataset, method)
        head = own.head if isinstance(own, EmbeddedSettings) else None
        return self.run.network.model_copy(update={"head": head} if head else {})

    def outer_rates(self, dataset: str) -> dict[str, float]:
        """Return the methods' outer rates on a dataset, as `outer_rates`, without searched ones."""
        known = [m for m in self.methods if "outer_lr" not in self.taken(dataset, m)]
        return outer_rates({m: self.method(dataset, m) for m in known})

    def leader(self, method: str) -> str | None:
        """Return the method whose choice in a search a method takes, if any."""
        return self.run.search.leader(method) if self.run.search else None

    def taken(self, dataset: str, method: str) -> list[str]:
        """Return the settings that a method takes from a choice: those equal in both files."""
        leader = self.leader(method)
        if leader is None or self.run.search is None:
            return []
        own, other = (self._trained_with(dataset, m) for m in (method, leader))
        space = self.run.search.space[leader]
        return [name for name in space if name in own and own[name] == other[name]]

    def _trained_with(self, dataset: str, method: str) -> dict[str, Any]:
        """Return a learner's settings and its network's, by the names that a search has of them."""
        network = self.network(dataset, method).model_dump(mode="json")
        own = self.method(dataset, method).for_training()
        return own | {f"{OF_NETWORK}{name}": value for name, value in network.items()}

    def seeds(self, method: str) -> tuple[int, ...]:
        """Return the seeds to train with: a method without randomness needs only the first."""
        learns = isinstance(self.methods[method], LearnerSettings)
        return self.run.seeds if learns else self.run.seeds[:1]


def load_settings(config: Mapping[str, Any], folder: Path) -> Settings:
    """Read and check a run's config and the YAML files below `folder` that it names.

    Raises SettingsError with the file, the key, what is wrong and the nearest valid name.
    """
    run = validate(Run, config, "run config")
    others = _own_folder("dataset_dir", run.dataset_dir)
    own_methods = _own_folder("method_dir", run.method_dir)
    for own_folder in own_methods:
        use_methods(own_folder)
    places = [folder / "methods", *own_methods]
    on_dataset = {}
    for key, override in run.override.items():
        *dataset, name = key.split("/", 1)
        own = {**run.override.get(name, {}), **override} if dataset else override
        method = _method(places, name, own, "override")
        if dataset:
            read_named([folder / "datasets", *others], dataset[0], "dataset", "override")
            on_dataset[dataset[0], name] = method
    datasets = {name: read_dataset(folder / "datasets", name, *others) for name in run.datasets}
    _check_raw_files(run, datasets)
    methods = {n: _method(places, n, run.override.get(n, {})) for n in run.methods}
    for name, where, method in _swept(run, places):
        if where:
            on_dataset[where, name] = method
        elif name in methods:
            raise SettingsError(f"run config: sweep: there is a method {name!r} without it")
        else:
            methods[name] = method
    settings = Settings(run, datasets, methods, on_dataset)
    _check_levels(settings)
    known = {*methods, *(file.stem for place in places for file in place.glob("*.yaml"))}
    _check_search(settings, known)
    if run.splits and run.splits.methods:
        _check_names("splits.methods", run.splits.methods, known)
        if not methods.keys() & {*run.splits.methods}:
            names = ", ".join(run.splits.methods)
            raise SettingsError(f"run config: splits.methods: none of {names} is among methods")
    return settings


def _swept(run: Run, places: Sequence[Path]) -> Iterator[tuple[str, str | None, MethodSettings]]:
    """Yield the methods of the run's sweep, each with the dataset that overrides it, or None."""
    for variant in variants(run.sweep):
        base, own = variant.base, run.override.get(variant.base, {})
        changes = variant.changes(_method(places, base, own, "sweep").label)
        for key, override in {base: own, **run.override}.items():
            *dataset, name = key.split("/", 1)
            if name == base:
                whole = {**own, **override, **changes}
                swept = _method(places, base, whole, "sweep")
                yield variant.name, dataset[0] if dataset else None, swept


def _own_folder(key: str, name: str | None) -> list[Path]:
    if name is None:
        return []
    if not (folder := Path(name)).is_dir():
        raise SettingsError(f"run config: {key}: {folder} is no folder; correct it")
    return [folder]


def read_dataset(folder: Path, name: str, *others: Path) -> Dataset:
    """Read `<name>.yaml`, merged into what it extends; raise SettingsError if it is wrong.

    others: further folders where it, and what it extends, may be; a name is in one of them alone.
    """
    raw, source = read_whole((folder, *others), name, "dataset", "datasets")
    return validate(Dataset, raw, source)


def _method(
    folders: Sequence[Path], name: str, override: Mapping[str, Any], key: str = "methods"
) -> MethodSettings:
    raw, source = read_whole(folders, name, "method", key)
    source += " (with this run's override)" if override else ""
    return parse_method({**raw, **override}, source)


def _check_names(key: str, names: Iterable[str], known: Collection[str]) -> None:
    """Raise SettingsError at a name of no method; those that the run leaves out are no mistake."""
    for name in names:
        if name not in known:
            raise SettingsError(f"run config: {key}: {unknown(name, 'method', known)}")


def _check_search(settings: Settings, known: Collection[str]) -> None:
    """Raise SettingsError if any candidate is wrong, so that none fails hours later."""
    run = settings.run
    if run.search is None:
        return
    _check_names("search", (*run.search.space, *run.search.like, *run.search.like.values()), known)
    if lost := [name for name in run.search.like.values() if name not in run.search.space]:
        raise SettingsError(f"run config: search.like: space has no {', '.join(lost)}")
    for method in settings.methods:
        if (leader := settings.leader(method)) and leader not in settings.methods:
            raise SettingsError(
                f"run config: search.like: {method} takes the choice of {leader}; add {leader} to "
                "methods"
            )
    for method in (name for name in run.search.space if name in settings.methods):
        for dataset in run.datasets:
            file = settings.method(dataset, method).model_dump(mode="json")
            for values in run.search.values(method, run.split_seed):
                own, network = split_values(values)
                where = f"run config: search.space: {method}"
                parse_method(file | own, where)
                validate(Network, run.network.model_dump(mode="json") | network, where)
                if idle := own.keys() - settings.method(dataset, method).for_training():
                    raise SettingsError(
                        f"{where}: {', '.join(sorted(idle))} changes no training; a head is "
                        "searched as network.head"
                    )


def _check_levels(settings: Settings) -> None:
    heads = {"run config: network.head": settings.run.network.head}
    for name, dataset in settings.datasets.items():
        own = {m: settings.network(name, m).head for m in settings.methods}
        heads |= {f"methods/{m}.yaml: head": head for m, head in own.items()}
        levels = [where for where, head in heads.items() if head == "levels"]
        if levels and not dataset.task.has_levels:
            raise SettingsError(
                f"{levels[0]}: levels needs ratings of whole steps, but the scale of "
                f"datasets/{name}.yaml is {list(dataset.task.scale)}; set head: value, or a step "
                "in that file, as `step: 0.5`"
            )


def _check_raw_files(run: Run, datasets: Mapping[str, Dataset]) -> None:
    for name, dataset in datasets.items():
        if run.logs == "sample":
            if dataset.sample is None:
                raise SettingsError(
                    f"run config: datasets: {name} has no generated sample logs; set logs: real, "
                    "raw_dir and a name that does not start with 'sample'"
                )
        elif run.raw_dir is not None:
            _check_files(Path(run.raw_dir) / dataset.folder, dataset)
        elif dataset.archive is None:
            raise SettingsError(
                f"run config: raw_dir: missing; {dataset.title} cannot be downloaded: put its "
                f"files into <raw_dir>/{dataset.folder}/ and set raw_dir"
            )


def _check_files(folder: Path, dataset: Dataset) -> None:
    for table in dataset.tables().values():
        if table.presence == "required" and not (folder / table.file).exists():
            remedy = (
                f"put the unpacked {dataset.title} there, or leave raw_dir out to download it"
                if dataset.archive
                else f"put it there, or correct raw_dir, `folder` or `file` of {dataset.title}"
            )
            raise SettingsError(
                f"run config: raw_dir: {folder / table.file} does not exist; {remedy}"
            )
