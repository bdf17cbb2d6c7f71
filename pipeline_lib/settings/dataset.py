"""Settings of one dataset: `config/datasets/<name>.yaml`."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from pipeline_lib.settings.strict import Several, Strict
from pipeline_lib.settings.task import RatingTask

Share = Annotated[float, Field(gt=0, le=1)]
FileName = Annotated[str, Field(pattern=r"^\w[\w.-]*$")]


class Archive(Strict):
    """Where the raw logs are published, and how the download is recognised."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    bytes: PositiveInt = Field(description="Exact size of the archive.")
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SampleLogs(Strict):
    """Size of the generated sample logs."""

    users: Annotated[int, Field(ge=20)]
    items: Annotated[int, Field(ge=20)]
    seed: NonNegativeInt


class FoldShares(Strict):
    """Parts of the users in each fold, as a ratio."""

    train: PositiveInt = 7
    validation: PositiveInt = 1
    test: PositiveInt = 2


class Partition(Strict):
    """The cold-start, fold, episode and group rules (Yu et al. 2021, "Datasets")."""

    cold_share: Share = Field(0.8, description="Share of users, fewest interactions first, kept.")
    min_interactions: Annotated[int, Field(ge=2)] = Field(
        2, description="Fewest interactions a user needs: one to adapt on, one to be judged on."
    )
    folds: FoldShares = FoldShares()
    query_share: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="Share of a user's interactions to be judged on."
    )
    top_share: Share = Field(
        0.3, description="Share of a feature's values, most users first, that count as common."
    )
    major_features: PositiveInt = Field(
        3, description="Fewest features with a common value that make a user major."
    )


class LogSettings(Strict):
    """What cleaning must know of a dataset."""

    reader: Literal["movielens"] = Field(description="The raw format.")
    scale: tuple[float, float] = Field(description="Lowest and highest rating.")
    user_features: Several[str]
    item_features: Several[str]

    @model_validator(mode="after")
    def _check_scale(self) -> Self:
        if self.scale[0] >= self.scale[1]:
            raise ValueError(f"scale must rise, but is {list(self.scale)}")
        return self


class Dataset(LogSettings):
    """One dataset: its raw files, its log's settings and its rules."""

    title: str
    licence: str
    folder: FileName = Field(description="Folder of the raw files below raw_dir.")
    archive: Archive
    files: dict[str, FileName] = Field(description="Raw file of each table the reader needs.")
    optional_files: dict[str, FileName] = Field(
        {}, description="Raw files the reader uses when they lie beside the others."
    )
    partition: Partition = Partition()
    sample: SampleLogs

    @model_validator(mode="after")
    def _check_groups(self) -> Self:
        if self.partition.major_features > len(self.user_features):
            raise ValueError(
                f"partition.major_features is {self.partition.major_features}, "
                f"but there are only {len(self.user_features)} user_features"
            )
        return self

    @property
    def task(self) -> RatingTask:
        """Tell what is to be predicted."""
        return RatingTask(scale=self.scale)

    def log_settings(self) -> dict[str, Any]:
        """Dump the fields of `LogSettings` alone."""
        return self.model_dump(mode="json", include=set(LogSettings.model_fields))
