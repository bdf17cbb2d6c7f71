"""Settings of the global mean."""

from typing import Literal

from pipeline_lib.settings.methods.base import MethodSettings


class GlobalMeanSettings(MethodSettings):
    """Predict the mean rating of the training rows."""

    kind: Literal["global-mean"]


Settings = GlobalMeanSettings
