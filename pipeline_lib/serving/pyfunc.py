"""A bundle as an MLflow model, so that `mlflow models serve` answers for it."""

import math
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from pipeline_lib.serving.bundle import write_bundle

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow.pyfunc
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

import pipeline_lib
from pipeline_lib.serving.answers import COLUMNS
from pipeline_lib.serving.bundle import digest
from pipeline_lib.serving.recommender import Recommender, load_recommender
from pipeline_lib.serving.requests import RequestError, UserRequest
from pipeline_lib.settings.errors import unknown

# A table or, as MLflow reads JSON's `inputs`, rows of arrays or such a row.
Asked: TypeAlias = pd.DataFrame | Sequence[Mapping[str, Any]] | Mapping[str, Any]
PACKAGES = ("mlflow", "numpy", "pandera", "polars", "pydantic", "safetensors", "scipy", "torch")
TYPES = {"String": "string", "Float64": "double", "Int64": "long", "Boolean": "boolean"}
OF_REQUEST = ("user", "support", "candidates")  # the columns beside the profile's
EVERYTHING = 0  # the value of `top` that asks for all candidates


class ServedModel:
    """The object that MLflow loads and asks."""

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender

    def predict(self, model_input: Asked, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Return the answers to new users; raise MlflowException naming a wrong one."""
        top = int((params or {}).get("top") or EVERYTHING)
        asked = _table(model_input)
        try:
            self._check_columns(asked.columns)
            requests = [_request(row) for row in asked.to_dict("records")]
            answers = self.recommender.recommend(requests, None if top == EVERYTHING else top)
        except RequestError as error:
            raise MlflowException(str(error), INVALID_PARAMETER_VALUE) from None
        columns = answers.to_dict(as_series=False)
        return pd.DataFrame({name: pd.Series(v, dtype=object) for name, v in columns.items()})

    def _check_columns(self, given: Iterable[object]) -> None:
        known = {*OF_REQUEST, *self.recommender.profiles.columns}
        if strange := [str(name) for name in given if name not in known]:
            raise RequestError(unknown(strange[0], "column", known))


def _load_pyfunc(path: str) -> ServedModel:
    return ServedModel(load_recommender(Path(path)))


def save_model(bundle: Path, folder: Path) -> None:
    """Write an MLflow model with a signature, an input example and the library's own code."""
    recommender = load_recommender(bundle)
    example = _example(recommender)
    with TemporaryDirectory() as scratch:
        code = Path(scratch) / pipeline_lib.__name__
        source = Path(pipeline_lib.__file__).parent
        shutil.copytree(source, code, ignore=shutil.ignore_patterns("__pycache__"))
        mlflow.pyfunc.save_model(
            path=folder,
            loader_module=__name__,
            data_path=str(bundle),
            code_paths=[str(code)],
            signature=_signature(),
            input_example=example,
            pip_requirements=[f"{name}=={version(name)}" for name in _packages(recommender)],
            metadata={
                "manifest_sha256": digest(bundle),
                "dataset": recommender.training.dataset,
                "method": recommender.training.method,
                "seed": recommender.training.seed,
                "split_sha256": recommender.training.split_sha256,
            },
        )


def _packages(recommender: Recommender) -> Sequence[str]:
    """Name what loading the model needs, and no more: pyflann-py3 exists for x86-64 alone."""
    flann = recommender.training.settings.get("index") == "flann"
    return (*PACKAGES, "pyflann-py3") if flann else PACKAGES


def _signature() -> ModelSignature:
    """Return a signature without inputs: MLflow drops what these do not list without a word."""
    answered: list[ColSpec | TensorSpec] = [
        ColSpec(TYPES[str(dtype())], name, required=False) for name, dtype in COLUMNS.items()
    ]
    top = ParamSpec("top", DataType.long, EVERYTHING)
    return ModelSignature(outputs=Schema(answered), params=ParamSchema([top]))


def _example(recommender: Recommender) -> pd.DataFrame:
    first, *others = recommender.items[:4]
    _, high = recommender.units.scale
    blank = dict.fromkeys(recommender.profiles.columns, "")
    known = {"user": "a-new-user", **blank, "support": [{"item": first, "target": float(high)}]}
    return pd.DataFrame([known | {"candidates": others}])


def _table(given: Asked) -> pd.DataFrame:
    if isinstance(given, Mapping) and not np.asarray(given.get("user")).ndim:
        given = [given]
    return pd.DataFrame(given).map(_plain)


def _plain(value: object) -> object:
    """Return an array of no dimension, and a scalar of NumPy's, as Python has it."""
    return value.item() if isinstance(value, np.ndarray | np.generic) and not value.ndim else value


def _request(row: Mapping[str, Any]) -> UserRequest:
    user = _text(row.get("user")) or ""
    support = [_interaction(user, given) for given in _list(user, "support", row.get("support"))]
    asked = row.get("candidates")
    return UserRequest(
        user,
        {name: _text(value) for name, value in row.items() if name not in OF_REQUEST},
        support,
        None if _is_blank(asked) else [_text(i) or "" for i in _list(user, "candidates", asked)],
    )


def _interaction(user: str, given: object) -> tuple[str, float]:
    if not isinstance(given, Mapping) or given.keys() != {"item", "target"}:
        raise RequestError(
            f"user {user!r} has {given!r} in the support; write for example "
            '{"item": "1193", "target": 5}'
        )
    try:
        return _text(given["item"]) or "", float(given["target"])
    except (TypeError, ValueError):
        raise RequestError(
            f"user {user!r} has {given['target']!r} for item {given['item']!r}, which is no number"
        ) from None


def _list(user: str, column: str, values: object) -> Sequence[Any]:
    if _is_blank(values):
        return []
    if not isinstance(values, list | tuple | np.ndarray) or np.ndim(values) == 0:
        raise RequestError(f"user {user!r} has {values!r} in the {column}; write a list in [ ]")
    return list(values)


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _text(value: object) -> str | None:
    """Return a value as a log has it: 25 and 25.0 are both `25`."""
    if _is_blank(value):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def make_model(files: Mapping[str, Path], log_settings: Mapping[str, Any], folder: Path) -> str:
    """Write a trained method as an MLflow model; return the digest of its bundle's manifest.

    files, log_settings: as in `pipeline_lib.serving.bundle.write_bundle`.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".model-") as scratch:
        bundle, model = Path(scratch) / "bundle", Path(scratch) / "model"
        digest = write_bundle(files, log_settings, bundle)
        save_model(bundle, model)
        for path in model.rglob("*"):  # so that a power cut leaves no model of empty files
            if path.is_file():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        model.rename(folder)
    return digest
