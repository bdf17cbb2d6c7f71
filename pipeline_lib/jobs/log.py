"""Log lines to a rule's log file and to the terminal alike."""

import logging
import sys
from pathlib import Path


def start_log(path: Path, subject: str) -> logging.Logger:
    """Start a fresh log file; each line names its subject, e.g. `movielens paml seed 0`.

    What any part of the library logs ends up there, and an exception that nothing catches.
    """
    logger = logging.getLogger("pipeline_lib")
    logger.setLevel(logging.INFO)
    path.parent.mkdir(parents=True, exist_ok=True)
    for handler in (logging.FileHandler(path, "w", "utf-8"), logging.StreamHandler(sys.stderr)):
        handler.setFormatter(logging.Formatter(f"%(asctime)s {subject}: %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
    sys.excepthook = lambda *error: logger.critical("failed", exc_info=error)
    return logger
