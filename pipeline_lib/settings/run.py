"""Settings of one run: `config/config.yaml` or the file given by `--configfile`."""

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from pipeline_lib.settings.strict import Name, Several, Strict


class Network(Strict):
    """The preference network all learners of a run share."""

    embedding_size: PositiveInt = Field(description="Width of each feature's embedding.")
    embedding_std: PositiveFloat = Field(description="Standard deviation of initial embeddings.")
    hidden: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = Field(
        description="Widths of the fully connected layers before the output."
    )


class Run(Strict):
    """One run of the workflow; its results go to `results/<name>/`."""

    name: Name
    logs: Literal["sample", "real"] = Field(
        description="sample: generated logs; real: those in raw_dir, else downloaded."
    )
    raw_dir: str | None = Field(None, description="Folder that holds the datasets' raw folders.")
    datasets: Several[Name]
    methods: Several[Name]
    seeds: Several[NonNegativeInt]
    split_seed: NonNegativeInt = Field(description="Seed of the folds and of support and query.")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    network: Network
    override: dict[str, dict[str, Any]] = Field(
        {}, description="Method name to the settings this run changes in that method's file."
    )
