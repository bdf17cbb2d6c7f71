"""Read finished runs, compare methods, adapt them to invented users, train on frames.

See docs/api.md.
"""

from pipeline_lib.api.results import Results, compare
from pipeline_lib.api.run import OpenedRun, open_run
from pipeline_lib.api.train import LearnableSplit, make_split, train
from pipeline_lib.api.trained import TrainedMethod

__all__ = [
    "LearnableSplit",
    "OpenedRun",
    "Results",
    "TrainedMethod",
    "compare",
    "make_split",
    "open_run",
    "train",
]
