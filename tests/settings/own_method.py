"""A folder with a method of one's own."""

from pathlib import Path

CODE = '''"""A constant score."""

from typing import Literal

import torch

from pipeline_lib.episodes.batch import Batch
from pipeline_lib.episodes.format import Catalogue, Episodes
from pipeline_lib.methods.base import ClosedForm, Prediction, Problem
from pipeline_lib.settings.methods.base import MethodSettings


class ConstantSettings(MethodSettings):
    kind: Literal["constant"]
    score: float


class Constant(ClosedForm):
    def __init__(self, settings: ConstantSettings, problem: Problem) -> None:
        super().__init__()
        self.register_buffer("score", torch.tensor(settings.score))

    def fit(self, train: Episodes, catalogue: Catalogue) -> None:
        pass

    def predict(self, batch: Batch) -> Prediction:
        return Prediction(self.score.expand(len(batch.query.target)).to(batch.values.dtype))


METHODS = {"constant": Constant}
'''


def write_method(folder: Path, code: str = CODE) -> Path:
    """Write the method's module and its settings."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "constant.py").write_text(code, encoding="utf-8")
    (folder / "constant.yaml").write_text("kind: constant\nscore: 3\n", encoding="utf-8")
    return folder
