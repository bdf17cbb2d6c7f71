"""What the file of an attempt holds, and what is known when its job dies."""

import fcntl
import json
import logging
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_lib.training.attempt import AttemptError, AttemptFile, is_running, read_attempt
from tests.training.attempts import LOG, make_epoch, make_start, open_attempt


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def test_a_file_holds_the_start_every_epoch_and_the_end(results: Path) -> None:
    with open_attempt(make_start(), results) as file:
        for number in (1, 2):
            file.add(make_epoch(number))
    attempt = read_attempt(file.path)
    assert attempt.start == make_start()
    assert [line.epoch for line in attempt.epochs] == [1, 2]
    assert attempt.epochs[1].figures["train/loss"] == 0.5
    assert attempt.end is not None
    assert attempt.end.error is None
    assert attempt.epochs[0].time <= attempt.epochs[1].time <= attempt.end.end


def test_a_file_that_is_written_to_is_of_a_running_attempt(results: Path) -> None:
    with open_attempt(make_start(), results) as file:
        assert is_running(file.path)
        assert read_attempt(file.path).end is None
    assert not is_running(file.path)


def test_each_attempt_has_a_file_of_its_own_and_they_sort_by_time(results: Path) -> None:
    for at in (0, 5, 86400):
        with open_attempt(make_start(at=at), results):
            pass
    paths = sorted(results.rglob("*.jsonl"))
    starts = [read_attempt(path).start.job.started for path in paths]
    assert starts == [make_start(at=at).job.started for at in (0, 5, 86400)]


def test_a_line_that_is_half_written_is_not_read(results: Path) -> None:
    with open_attempt(make_start(), results) as file:
        file.add(make_epoch(1))
        whole = file.path.read_text()
        with file.path.open("a") as more:
            more.write('{"epoch": 2, "ti')
        assert len(read_attempt(file.path).epochs) == 1
        file.path.write_text(whole + '{"epoch": 2, "time": 1, "figures": {}}\n')
        assert len(read_attempt(file.path).epochs) == 2


def test_a_file_that_cannot_get_its_name_leaves_nothing(
    results: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "rename", fail)
    with open_attempt(make_start(), results) as file:
        file.add(make_epoch(1))
    assert [path for path in results.rglob("*") if path.is_file()] == []
    assert len(caplog.records) == 1


def test_a_job_that_raises_says_why(results: Path) -> None:
    with pytest.raises(ValueError, match="boom"), open_attempt(make_start(), results) as file:
        raise ValueError("boom" * 1000)
    end = read_attempt(file.path).end
    assert end is not None
    assert end.error is not None
    assert end.error.startswith("ValueError: boomboom")
    assert len(end.error) == 500


def test_two_may_look_at_once(results: Path) -> None:
    """Else each would take the other for the job."""
    with open_attempt(make_start(), results) as file:
        pass
    with file.path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        assert not is_running(file.path)


def test_a_job_that_is_killed_is_not_running_and_has_no_end(results: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from tests.training.attempts import *\n"
        "with open_attempt(make_start(), Path(sys.argv[1])) as file:\n"
        "    file.add(make_epoch(1)); print(file.path, flush=True); time.sleep(60)"
    )
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", code, str(results)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": root},
        text=True,
    ) as process:
        assert process.stdout is not None
        path = Path(process.stdout.readline().strip())
        assert is_running(path)
        process.send_signal(signal.SIGKILL)
    assert not is_running(path)
    attempt = read_attempt(path)
    assert (len(attempt.epochs), attempt.end) == (1, None)


def test_without_locks_an_attempt_counts_as_running(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is called dead who may live; the last line tells of an end all the same."""

    def fail(*_: object) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    with open_attempt(make_start(), results) as file:
        pass
    assert is_running(file.path)
    assert read_attempt(file.path).end is not None


def test_a_file_that_cannot_be_written_warns_once_and_the_job_goes_on(
    results: Path, caplog: pytest.LogCaptureFixture
) -> None:
    results.write_text("a file, where the folder should be")
    with caplog.at_level(logging.WARNING), open_attempt(make_start(), results) as file:
        file.add(make_epoch(1))
        file.add(make_epoch(2))
    (message,) = (record.message for record in caplog.records)
    assert message.startswith(f"MLflow gets no more of this training: writing {file.path}: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_is_full_later_warns_once_and_the_job_goes_on(
    results: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), open_attempt(make_start(), results) as file:
        assert file.file is not None
        file.file.close()
        with Path("/dev/full").open("w") as full:
            file.file = full
            file.add(make_epoch(1))
            file.add(make_epoch(2))
            assert file.file is full  # with the lock, so that nobody calls the job dead
            with pytest.raises(OSError, match="No space"):
                full.flush()
            full.buffer.raw.close()  # type: ignore[attr-defined]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("text", ["no json\n", "{}\n", "", '{"end": 1, "error": null}\n'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "1.jsonl"
    path.write_text(text)
    with pytest.raises(AttemptError, match=r"1\.jsonl is damaged"):
        read_attempt(path)


def test_a_figure_that_is_no_number_is_kept_as_that(results: Path) -> None:
    with open_attempt(make_start(), results) as file:
        file.add(make_epoch(1, loss=math.nan))
    assert math.isnan(read_attempt(file.path).epochs[0].figures["train/loss"])


def test_lines_are_json_that_others_can_read(results: Path) -> None:
    with open_attempt(make_start(), results) as file:
        file.add(make_epoch(1))
    first, second, last = map(json.loads, file.path.read_text().splitlines())
    assert first["job"]["method"] == "paml"
    assert second["figures"]["train/loss"] == 1
    assert last["error"] is None


def test_a_file_appears_only_when_it_is_locked_and_has_its_first_line(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a sender that looks at that moment would call the job dead, or the file damaged."""
    seen = []
    real = Path.rename

    def look(self: Path, target: Path) -> Path:
        seen.append((target.exists(), is_running(self), read_attempt(self).start))
        return real(self, target)

    monkeypatch.setattr(Path, "rename", look)
    with AttemptFile(results / "trial", make_start(), LOG):
        pass
    assert seen == [(False, True, make_start())]
