"""Settings of the user mean."""

from typing import Literal

from pipeline_lib.settings.methods.base import MethodSettings


class UserMeanSettings(MethodSettings):
    """Predict the mean of the user's support rows."""

    kind: Literal["user-mean"]


Settings = UserMeanSettings
