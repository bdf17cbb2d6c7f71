"""Tell at which step of the partition users were dropped."""

from pipeline_lib.partition.cold import NO_ROWS
from pipeline_lib.reporting.data_report.record import UserStep
from pipeline_lib.settings.partition import Partition


def user_steps(
    users: int, dropped: dict[str, int], problems: set[str], rules: Partition
) -> list[UserStep]:
    """Put the reasons why users were dropped in the order of the partition's steps.

    users: those there were. dropped: of them, by reason. problems: the reasons that are blank or
    wrong features.
    """
    cold = f"Not among the {100 * rules.cold_share:g} % with fewest interactions"
    features, few = "Blank or wrong features", "Too few interactions"
    order = [cold, features, few] if rules.order == "cold-first" else [features, few, cold]
    steps: dict[str, dict[str, int]] = {name: {} for name in ("No interactions", *order)}
    for reason, number in dropped.items():
        if reason in problems:
            steps[features][reason] = number
        elif reason == NO_ROWS:
            steps["No interactions"][reason] = number
        else:
            steps[few if reason.startswith("fewer than ") else cold][reason] = number
    left, found = users, []
    for name, reasons in steps.items():
        left -= sum(reasons.values())
        found.append(UserStep(name=name, dropped=reasons, left=left))
    return found
