"""Settings of one dataset: `config/datasets/<name>.yaml`."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from pipeline_lib.settings.features import Bucketed, Categorical
from pipeline_lib.settings.log import LogSettings
from pipeline_lib.settings.partition import Partition
from pipeline_lib.settings.strict import Strict
from pipeline_lib.settings.tables import FileName
from pipeline_lib.settings.task import ClickTask

# Keys of the partition that are of groups by user features.
OF_GROUPS = ("top_share", "major_features", "group_features")


class Archive(Strict):
    """Where the raw logs are published, and the size and hash of the archive."""

    url: Annotated[str, Field(pattern=r"^https?://")] = Field(
        description="Where it is.", examples=["https://example.org/logs.zip"]
    )
    bytes: PositiveInt = Field(description="Exact size of the archive.")
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="As `sha256sum` prints it."
    )


class SampleLogs(Strict):
    """Generated logs in the raw layout: the generator, its numbers and its seed."""

    generator: Literal["movielens", "bookcrossing", "taobao"]
    users: Annotated[int, Field(ge=20)]
    items: Annotated[int, Field(ge=20)]
    seed: NonNegativeInt


class Dataset(LogSettings):
    """One dataset: its raw files, the settings of its log and the rules of its partition."""

    title: str = Field(description="Its name in tables.", examples=["My shop"])
    licence: str = Field(
        description="Who may use the logs, and how to cite them.", examples=["for ourselves only"]
    )
    folder: FileName = Field(
        description="Folder of the raw files below raw_dir.", examples=["shop"]
    )
    archive: Archive | None = Field(
        None, description="Without it the raw files must be in raw_dir."
    )
    partition: Partition = Partition()
    sample: SampleLogs | None = Field(None, description="For runs on generated logs.")

    @model_validator(mode="after")
    def _check_partition(self) -> Self:
        rules, grouping = self.partition, self.grouping()
        if unknown := set(rules.group_features or ()) - set(self._groupable()):
            raise ValueError(
                f"partition.group_features: {', '.join(sorted(unknown))} is no categorical or "
                f"bucketed user feature; there are {', '.join(self._groupable())}"
            )
        idle = [name for name in OF_GROUPS if name in rules.model_fields_set]
        if not grouping and idle:
            raise ValueError(
                f"partition: {', '.join(idle)}: of groups by features, but no user feature is "
                "categorical or bucketed, so groups go by activity; take it out"
            )
        if grouping and rules.major_features > len(grouping):
            raise ValueError(
                f"partition.major_features is {rules.major_features}, but the features to go by "
                f"are {', '.join(grouping)}; write for example "
                f"`partition: {{major_features: {len(grouping)}}}`"
            )
        if rules.min_clicked and not isinstance(self.task, ClickTask):
            raise ValueError(
                "partition.min_clicked is for click tasks; use min_interactions with ratings"
            )
        if rules.negatives and not isinstance(self.task, ClickTask):
            raise ValueError("partition.negatives is for click tasks; take it out")
        if rules.timed and not self.timed:
            key = "cut" if rules.cut else "parts_by"
            raise ValueError(
                f"partition.{key} needs the time of each interaction; write for example "
                "`time: {column: timestamp, unit: seconds}` under interactions"
            )
        return self

    @property
    def of_paper(self) -> bool:
        """Return whether it is delivered, as one of the paper's or after one; these can be made."""
        return self.sample is not None

    def grouping(self) -> list[str]:
        """Return the user features by which major users differ from minor ones.

        Without any, they differ by their number of interactions.
        """
        return list(self.partition.group_features or self._groupable())

    def _groupable(self) -> list[str]:
        return [
            name
            for name, feature in self.user_features.items()
            if isinstance(feature, Categorical | Bucketed)
        ]

    def log_settings(self) -> dict[str, Any]:
        """Return the fields of `LogSettings` as JSON values."""
        return self.model_dump(mode="json", include=set(LogSettings.model_fields))
