"""What MLflow's pages show at first: which columns, in which order, and where they are."""

import json
from collections.abc import Sequence
from urllib.parse import quote

VIEW = "results"
COLUMNS = (
    *("tags.`method`", "tags.`seed`", "tags.`gamma`", "tags.`group_gap`"),
    *("metrics.`test/mse`", "metrics.`test/nel`", "metrics.`test/auc`", "metrics.`test/ndcg_3`"),
    *("metrics.`validation/loss`", "metrics.`best/epoch`", "metrics.`epoch/seconds`"),
)
CURRENT = "tags.superseded = 'false'"


def experiment_tags() -> dict[str, str]:
    """Return the tags that make an experiment open as one of training runs, with our columns."""
    view = {
        "searchFilter": CURRENT,
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": COLUMNS,
        "runsExpanded": {},
        "runsPinned": [],
        "runsHidden": [],
        "viewMaximized": False,
        "runListHidden": False,
    }
    return {
        "mlflow.experimentKind": "custom_model_development",
        f"mlflow.sharedViewState.{VIEW}": json.dumps(view),
    }


def runs_link(server: str, experiment: str) -> str:
    """Return the link to an experiment's current runs."""
    return f"{server}/#/experiments/{experiment}/runs?viewStateShareKey={VIEW}"


def comparison_link(server: str, experiment: str, runs: Sequence[str]) -> str:
    """Return the link to some runs side by side."""
    chosen, of = quote(json.dumps([*runs])), quote(json.dumps([experiment]))
    return f"{server}/#/compare-runs?runs={chosen}&experiments={of}"
