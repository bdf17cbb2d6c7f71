"""A finished run, opened from its folder."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandera.polars as pa
import polars as pl

from pipeline_lib.api.results import Results
from pipeline_lib.api.trained import TrainedMethod
from pipeline_lib.data.encode.vocabulary import Vocabulary
from pipeline_lib.evaluation.evaluate import Evaluation
from pipeline_lib.evaluation.predict import load_method
from pipeline_lib.metrics.users import users_schema
from pipeline_lib.schemas.results import PREDICTIONS
from pipeline_lib.schemas.split import ITEMS
from pipeline_lib.settings.errors import unknown
from pipeline_lib.storage.tables import read_json, read_table
from pipeline_lib.training.record import TrainingRecord

JUDGED = "evaluation.json"  # the last file of a trial


@dataclass(frozen=True)
class OpenedRun:
    """A run's folder. A further split of a dataset is named `dataset/splits/seed`."""

    folder: Path

    @property
    def datasets(self) -> list[str]:
        """Return the names of the datasets, and of their further splits, with judged methods."""
        found = {path.parents[3] for path in self.folder.rglob(f"methods/*/seed-*/{JUDGED}")}
        return sorted(path.relative_to(self.folder).as_posix() for path in found)

    def methods(self, dataset: str) -> list[str]:
        """Return the names of a dataset's judged methods; raise ValueError for no such dataset."""
        _check(dataset, "dataset", self.datasets)
        trials = (self.folder / dataset / "methods").glob(f"*/seed-*/{JUDGED}")
        return sorted({path.parents[1].name for path in trials})

    def seeds(self, dataset: str, method: str) -> list[int]:
        """Return the seeds of a judged method; raise ValueError for no such dataset or method."""
        _check(method, "method", self.methods(dataset))
        trials = (self.folder / dataset / "methods" / method).glob(f"seed-*/{JUDGED}")
        return sorted(int(path.parent.name.removeprefix("seed-")) for path in trials)

    def results(self, dataset: str, method: str) -> Results:
        """Read what a method predicted and its users' metrics, of all its seeds.

        Raises ValueError for no such dataset or method and where a training was stopped, TableError
        where a file is damaged.
        """
        trials = {seed: self._trial(dataset, method, seed) for seed in self.seeds(dataset, method)}
        records = [_record(trial) for trial in trials.values()]
        task, split = records[0].task, records[0].split_sha256
        judged = read_json(next(iter(trials.values())) / JUDGED, Evaluation)
        return Results(
            method,
            task,
            split,
            _read(trials, "predictions", PREDICTIONS),
            _read(trials, "users", users_schema(task, judged.chosen_metrics)),
        )

    def load(self, dataset: str, method: str, seed: int | None = None) -> TrainedMethod:
        """Load a trained method; without a seed that of the first.

        Raises ValueError for no such dataset, method or seed and where the training was stopped,
        TensorFileError where the weights are damaged.
        """
        seeds = self.seeds(dataset, method)
        seed = seeds[0] if seed is None else seed
        _check(str(seed), "seed", map(str, seeds))
        trial, episodes = self._trial(dataset, method, seed), self.folder / dataset / "episodes"
        record = _record(trial)
        vocabulary = read_json(episodes / "vocabulary.json", Vocabulary)
        files = {
            "weights": trial / "weights.safetensors",
            "catalogue": episodes / "items.safetensors",
        }
        trained, catalogue = load_method(record, files, vocabulary)
        items = read_table(episodes / "items.parquet", ITEMS)["item"]
        return TrainedMethod(
            method, record.settings, record.task, trained, catalogue, vocabulary, items
        )

    def _trial(self, dataset: str, method: str, seed: int) -> Path:
        return self.folder / dataset / "methods" / method / f"seed-{seed}"


def open_run(folder: Path | str) -> OpenedRun:
    """Open a finished run, `results/<name>`; raise FileNotFoundError where there is none."""
    run = OpenedRun(Path(folder))
    if not run.datasets:
        raise FileNotFoundError(
            f"{folder} holds no judged method; name the folder of a finished run, results/<name>"
        )
    return run


def _check(name: str, what: str, known: Iterable[str]) -> None:
    if name not in (names := [*known]):
        raise ValueError(unknown(name, what, names))


def _record(trial: Path) -> TrainingRecord:
    record = read_json(trial / "training.json", TrainingRecord)
    if record.stopped:
        raise ValueError(f"{trial}: this training was stopped in {record.stopped}")
    return record


def _read(trials: dict[int, Path], name: str, schema: pa.DataFrameSchema) -> pl.DataFrame:
    """Read a table of each trial into one, with its seed."""
    return pl.concat(
        read_table(trial / f"{name}.parquet", schema).select(
            pl.lit(seed, pl.Int64).alias("seed"), pl.all()
        )
        for seed, trial in trials.items()
    )
