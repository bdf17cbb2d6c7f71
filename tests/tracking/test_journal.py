"""What jobs leave to be told to MLflow, and what is known when a job dies."""

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_lib.tracking.journal import OUTBOX, End, Journal, Metrics, Tags
from pipeline_lib.tracking.outbox import (
    KILLED,
    JournalError,
    journals,
    mark_sent,
    read_unsent,
    set_aside,
)
from tests.tracking.runs import LOG, deliver, make_run, stored, write_run


def test_an_outbox_has_the_run_every_epoch_and_the_end(folder: Path) -> None:
    write_run(make_run(), epochs=2)
    (path,) = journals(OUTBOX)
    unsent = read_unsent(path, "store")
    assert unsent.run == make_run()
    first, second, end = unsent.events
    assert isinstance(first, Metrics)
    assert isinstance(second, Metrics)
    assert (first.step, first.values["train/loss"]) == (1, 1.0)
    assert (second.step, second.values["train/loss"]) == (2, 0.5)
    assert isinstance(end, End)
    assert (end.status, unsent.ended) == ("FINISHED", True)


def test_a_journal_that_is_written_to_is_not_ended(folder: Path) -> None:
    with Journal(make_run(), LOG) as journal:
        (path,) = journals(OUTBOX)
        assert not read_unsent(path, "store").ended
        journal.finish()
        assert not read_unsent(path, "store").ended
    assert read_unsent(path, "store").ended


def test_only_what_came_after_is_unsent(folder: Path) -> None:
    with Journal(make_run(), LOG) as journal:
        journal.metrics({"loss": 1.0}, 1)
        (path,) = journals(OUTBOX)
        mark_sent(read_unsent(path, "store"), "store")
        assert read_unsent(path, "store").events == []
        journal.metrics({"loss": 0.5}, 2)
        (event,) = read_unsent(path, "store").events
        assert isinstance(event, Metrics)
        assert event.step == 2
        assert len(read_unsent(path, "another store").events) == 2


def test_a_line_that_is_half_written_waits(folder: Path) -> None:
    with Journal(make_run(), LOG) as journal:
        journal.metrics({"loss": 1.0}, 1)
        (path,) = journals(OUTBOX)
        with path.open("a") as file:
            file.write('{"event": {"kind": "met')
        unsent = read_unsent(path, "store")
        assert len(unsent.events) == 1
        mark_sent(unsent, "store")
        with path.open("a") as file:
            file.write('rics", "time": 1, "step": 2, "values": {}}}\n')
        assert read_unsent(path, "store").events == [Metrics(time=1, step=2, values={})]


def test_a_journal_sent_to_its_end_is_gone(folder: Path) -> None:
    write_run(make_run())
    (path,) = journals(OUTBOX)
    mark_sent(read_unsent(path, "store"), "store")
    assert list(OUTBOX.iterdir()) == []


def test_a_job_that_raises_has_failed_and_says_why(folder: Path) -> None:
    with pytest.raises(ValueError, match="boom"), Journal(make_run(), LOG):
        raise ValueError("boom")
    tags, end = read_unsent(journals(OUTBOX)[0], "store").events
    assert tags == Tags(tags={"error": "ValueError: boom"})
    assert isinstance(end, End)
    assert end.status == "FAILED"


def test_a_job_that_is_killed_has_failed(folder: Path) -> None:
    code = (
        "import logging, time; from tests.tracking.runs import *\n"
        "with Journal(make_run(), LOG) as journal:\n"
        "    journal.metrics({'loss': 1.0}, 1); print('ready', flush=True); time.sleep(60)"
    )
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": root}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        (path,) = journals(OUTBOX)
        assert not read_unsent(path, "store").ended
        process.send_signal(signal.SIGKILL)
    unsent = read_unsent(path, "store")
    assert [event.kind for event in unsent.events] == ["metrics", "tags", "end"]
    assert unsent.events[1] == Tags(tags={"error": KILLED})
    assert unsent.ended
    runs = stored(deliver(folder))
    assert {run.info.status for run in runs.values()} == {"FAILED"}
    assert runs["paml seed 0"].data.tags["error"] == KILLED


def test_a_journal_that_cannot_be_written_warns_once_and_the_job_goes_on(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    OUTBOX.parent.mkdir(parents=True)
    OUTBOX.write_text("a file, where the folder should be")
    with caplog.at_level(logging.WARNING), Journal(make_run(), LOG) as journal:
        journal.metrics({"loss": 1.0}, 1)
        journal.metrics({"loss": 1.0}, 2)
    (message,) = (record.message for record in caplog.records)
    assert "outbox" in message


@pytest.mark.parametrize("text", ["no json\n", "{}\n", ""])
def test_a_damaged_journal_is_named_and_can_be_set_aside(folder: Path, text: str) -> None:
    OUTBOX.mkdir(parents=True)
    path = OUTBOX / "1.jsonl"
    path.write_text(text)
    with pytest.raises(JournalError, match=r"1\.jsonl"):
        read_unsent(path, "store")
    set_aside(path, "it is damaged")
    assert journals(OUTBOX) == []
    assert (folder / "refused/1.jsonl").read_text() == text
    assert (folder / "refused/1.txt").read_text() == "it is damaged\n"


def test_lines_are_json_that_others_can_read(folder: Path) -> None:
    write_run(make_run(), epochs=1)
    lines = journals(OUTBOX)[0].read_text().splitlines()
    assert [json.loads(line)["event"]["kind"] for line in lines] == ["run", "metrics", "end"]
