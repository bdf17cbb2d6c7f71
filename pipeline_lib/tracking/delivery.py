"""Bring what lies in an outbox to a store."""

import logging
import uuid
from dataclasses import dataclass
from pathlib import Path

from pipeline_lib.storage.tables import write_text
from pipeline_lib.tracking.client import RefusedError
from pipeline_lib.tracking.journal import STORE, Metrics
from pipeline_lib.tracking.outbox import (
    JournalError,
    Unsent,
    journals,
    mark_sent,
    mark_settled,
    mark_unsettled,
    read_unsent,
    set_aside,
    unsettled,
)
from pipeline_lib.tracking.store import Store


@dataclass
class Count:
    """What a delivery did: events sent, and journals that no store will take."""

    sent: int = 0
    refused: int = 0


class Delivery:
    """An outbox and the store it is brought to.

    folder: has `outbox/`, and the store where `uri` names none.
    """

    def __init__(self, folder: Path, uri: str | None, log: logging.Logger) -> None:
        self.outbox = folder / "outbox"
        self.uri = uri or f"sqlite:///{(folder / STORE).resolve()}"
        self.store = Store(self.uri, folder / "artifacts", _workspace(folder))
        self.log = log

    def deliver(self) -> Count:
        """Send all there is; raise what the store raises when it does not answer."""
        count = Count()
        for path in journals(self.outbox):
            try:
                unsent = read_unsent(path, self.uri)
                self._send(unsent)
                count.sent += len(unsent.events)
            except (RefusedError, JournalError) as error:
                count.refused += 1
                self.log.warning("%s is put into refused/: %s", path.name, error)
                set_aside(path, str(error))
        for experiment in sorted(unsettled(self.outbox)):
            self.store.settle(experiment)
        mark_settled(self.outbox)
        return count

    def _send(self, unsent: Unsent) -> None:
        first = not unsent.path.with_suffix(".sent").is_file()
        if unsent.events or first or unsent.ended:
            self.store.deliver(unsent.run, unsent.events)
            if first or not all(isinstance(event, Metrics) for event in unsent.events):
                mark_unsettled(self.outbox, unsent.run.experiment)
            mark_sent(unsent, self.uri)


def _workspace(folder: Path) -> str:
    """Name this folder's runs, once and for all."""
    path = folder / "workspace"
    if not path.is_file():
        write_text(uuid.uuid4().hex, path)
    return path.read_text(encoding="utf-8")
