"""From a trained method's files to a model in a folder, whole or not at all."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline_lib.serving.bundle import write_bundle
from pipeline_lib.serving.pyfunc import save_model


def make_model(files: Mapping[str, Path], log_settings: Mapping[str, Any], folder: Path) -> str:
    """Write a trained method as an MLflow model; return the digest of its bundle's manifest.

    files, log_settings: as `pipeline_lib.serving.bundle.write_bundle` wants them.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".model-") as scratch:
        bundle, model = Path(scratch) / "bundle", Path(scratch) / "model"
        digest = write_bundle(files, log_settings, bundle)
        save_model(bundle, model)
        model.rename(folder)
    return digest
