"""Settings of one run: `config/config.yaml` or the file given by `--configfile`."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt, model_validator

from pipeline_lib.settings.network import Network
from pipeline_lib.settings.search import Search
from pipeline_lib.settings.strict import Name, Several, Strict
from pipeline_lib.settings.sweep import Sweep


def _expanded(folder: str) -> str:
    """Return a path whose `~` is replaced by the home folder."""
    try:
        return str(Path(folder).expanduser())
    except RuntimeError as error:
        raise ValueError(f"{folder!r} names the home of nobody here") from error


Folder = Annotated[str, Field(min_length=1), AfterValidator(_expanded)]


class Splits(Strict):
    """Further splits of each log, to judge methods on splits that no choice was made on."""

    seeds: Annotated[Several[NonNegativeInt], Field(min_length=2)] = Field(
        description="Split seeds, other than the run's own split_seed; the log is cleaned once."
    )
    methods: tuple[str, ...] = Field(
        (),
        description="Methods of the run, also those of its sweep, that are trained on them; all "
        "where none is named.",
    )


class Run(Strict):
    """One run of the workflow; its results go to `results/<name>/`."""

    name: Name
    logs: Literal["sample", "real"] = Field(
        description="sample: generated logs; real: those in raw_dir, else downloaded."
    )
    raw_dir: Folder | None = Field(
        None, description="Folder that holds the datasets' raw folders; ~ is one's home."
    )
    dataset_dir: Folder | None = Field(
        None, description="Folder of further datasets' YAML files, besides config/datasets."
    )
    method_dir: Folder | None = Field(
        None,
        description="Folder of methods of one's own: YAML files, besides config/methods, and the "
        "Python modules of their kinds, which are run.",
    )
    datasets: Several[Name]
    methods: Several[Name]
    seeds: Several[NonNegativeInt]
    split_seed: NonNegativeInt = Field(
        description="Seed of the folds, of support and query, and of ties at the cold border."
    )
    splits: Splits | None = Field(
        None,
        description="Further splits, for tables of the spread over splits.",
        examples=["{seeds: [1, 2, 3], methods: [two-bias, paml]}"],
    )
    metrics: tuple[Name, ...] = Field(
        (),
        description="Metrics for a table of their own: `mae`, `rmse` of ratings; `mrr`, "
        "`calibration`, `recall_<k>`, `hit_<k>` of clicks; `ndcg_<k>` of both; and those that are "
        "always computed. A dataset has those of its task.",
        examples=["[mae, rmse, ndcg_10, mrr, recall_10, hit_10, calibration]"],
    )
    device: Literal["auto", "cpu", "cuda"] = "auto"
    processes: PositiveInt = Field(
        1,
        description="Processes that share the users of every batch of a training, each on a GPU of "
        "its own where there are GPUs.",
    )
    nodes: PositiveInt = Field(
        1,
        description="Number of Slurm nodes that a training's processes are spread over evenly.",
    )
    jobs_per_gpu: PositiveInt = Field(
        1, description="Trainings that may share a GPU; --resources gpu=N counts their places."
    )
    network: Network
    override: dict[str, dict[str, Any]] = Field(
        {},
        description="Method name to the settings this run changes in that method's file; "
        "`dataset/method` for one dataset alone.",
        examples=["{melu: {inner_lr: 0.1}, taobao/melu: {inner_lr: 4.0}}"],
    )

    sweep: Sweep = Field(
        {},
        description="Method name to settings with several values; each is one more method, as "
        "`reg-paml-gamma-0.01`.",
        examples=["{reg-paml: {gamma: [0.001, 0.01, 0.1]}}"],
    )
    search: Search | None = Field(
        None,
        description="Settings to be chosen on validation users before the seeds are trained.",
        examples=["{candidates: 8, space: {melu: {inner_lr: [0.01, 0.1]}}}"],
    )

    @model_validator(mode="after")
    def _check_splits(self) -> Self:
        if self.splits and self.split_seed in self.splits.seeds:
            raise ValueError(
                f"splits.seeds has {self.split_seed}, the run's own split_seed, on which settings "
                "are looked at and chosen; name other seeds"
            )
        return self

    @model_validator(mode="after")
    def _check_nodes(self) -> Self:
        if self.processes % self.nodes:
            raise ValueError(
                f"processes is {self.processes}, but each of {self.nodes} nodes has as many; write "
                f"for example `processes: {self.nodes}`"
            )
        return self

    @model_validator(mode="after")
    def _check_logs(self) -> Self:
        if self.name.startswith("sample") != (self.logs == "sample"):
            raise ValueError(
                f"name is {self.name!r}, but logs is {self.logs!r}: runs on sample logs, and only "
                "they, have names that start with 'sample', so that results are not mistaken"
            )
        if self.logs == "sample" and self.raw_dir is not None:
            raise ValueError("raw_dir is of no use with logs: sample; set logs: real and a name")
        if self.raw_dir and {*self.raw_dir} & {*"{}"}:
            raise ValueError(
                f"raw_dir is {self.raw_dir!r}, and snakemake takes braces in a path for its "
                "wildcards; rename the folder, or set raw_dir to a link to it"
            )
        return self
