"""Which of a run's chosen metrics each of its datasets has."""

from collections.abc import Mapping, Sequence

from pipeline_lib.metrics.metric import TaskKind
from pipeline_lib.metrics.registry import has_metric, metric_names
from pipeline_lib.settings.errors import SettingsError, unknown


def choose_metrics(names: Sequence[str], tasks: Mapping[str, TaskKind]) -> dict[str, list[str]]:
    """Return the chosen metrics that each dataset's task has, by dataset.

    tasks: by dataset. Raises SettingsError for a name that none of the tasks has.
    """
    kinds: list[TaskKind] = sorted(set(tasks.values()))
    for name in names:
        if not any(has_metric(name, task) for task in kinds):
            raise SettingsError(f"run config: metrics: {_refusal(name, kinds)}")
    return {
        dataset: [name for name in dict.fromkeys(names) if has_metric(name, task)]
        for dataset, task in tasks.items()
    }


def _refusal(name: str, tasks: Sequence[TaskKind]) -> str:
    known = dict.fromkeys(own for task in tasks for own in metric_names(task))
    if name in known:
        return f"{name} stands for any k: write for example {name.removesuffix('k')}10"
    return unknown(name, f"metric of {' or '.join(f'{task}s' for task in tasks)}", known)
