"""Log lines to a rule's log file and to the terminal alike."""

import logging
import os
import sys
from functools import partial
from pathlib import Path
from types import TracebackType


def start_log(file: str | Path, *subject: str) -> logging.Logger:
    """Start a fresh log file and return its log; each line names its subject, e.g. `clean taobao`.

    What any part of the library logs is written there, and an exception that nothing catches: one
    of the library's own by its message alone, any other with its traceback. With PIPELINE_QUIET
    in the environment nothing reaches the terminal: the file has whatever this process prints.
    """
    path = Path(file)
    logger = logging.getLogger("pipeline_lib")
    logger.setLevel(logging.INFO)
    path.parent.mkdir(parents=True, exist_ok=True)
    formatter = logging.Formatter(f"%(asctime)s {' '.join(subject)}: %(message)s", "%H:%M:%S")
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if os.environ.get("PIPELINE_QUIET"):
        with path.open("wb") as log_file:
            for terminal in (1, 2):
                os.dup2(log_file.fileno(), terminal)
    else:
        handlers.append(logging.FileHandler(path, "w", "utf-8"))
    for handler in handlers:
        handler.setFormatter(formatter)
        logger.addHandler(handler)
    sys.excepthook = partial(_log_last, logger)
    return logger


def _log_last(
    logger: logging.Logger,
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
) -> None:
    if kind.__module__.startswith("pipeline_lib."):
        logger.critical("%s", error)
    else:
        logger.critical("failed", exc_info=(kind, error, traceback))
