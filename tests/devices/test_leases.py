"""GPUs are leased to processes: one each, shared when asked, free again when a process dies."""

import logging
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_lib.devices import leases
from pipeline_lib.devices.leases import lease, name_gpus

GPUS = ["0", "1", "GPU-8a/b"]
HOLDER = """
import sys, time
from pathlib import Path
from pipeline_lib.devices.leases import lease
with lease(sys.argv[2:], 1, 1, Path(sys.argv[1])) as places:
    print(places[0], flush=True)
    time.sleep(600)
"""


@contextmanager
def holder(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", HOLDER, str(folder), *GPUS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_each_process_gets_a_gpu_of_its_own(tmp_path: Path) -> None:
    with ExitStack() as stack:
        holders = [stack.enter_context(holder(tmp_path)) for _ in GPUS]
        assert sorted(line(process) for process in holders) == ["0", "1", "2"]


def test_a_killed_process_gives_its_gpu_back_to_who_waits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is killed once it is said that there is none."""
    caplog.set_level("INFO")
    with ExitStack() as stack:
        holders = {line(p): p for p in [stack.enter_context(holder(tmp_path)) for _ in GPUS]}
        killer = logging.Handler()
        killer.emit = lambda record: holders["1"].kill()  # type: ignore[method-assign]
        monkeypatch.setattr(leases.log, "handlers", [killer])
        monkeypatch.setattr(leases, "POLL", 0.01)
        with lease(GPUS, 1, 1, tmp_path) as places:
            assert places == [1]
    assert caplog.messages == ["all GPUs here are in use (0, 1, GPU-8a/b); waiting"]


@given(jobs=st.integers(1, 12), shares=st.integers(1, 4))
def test_idle_gpus_go_first_and_none_has_more_jobs_than_asked(
    jobs: int, shares: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, jobs = tmp_path_factory.mktemp("leases"), min(jobs, 3 * shares)
    with ExitStack() as stack:
        taken = [stack.enter_context(lease(GPUS, 1, shares, folder))[0] for _ in range(jobs)]
        counts = Counter(taken)
        assert max(counts.values()) <= shares
        assert max(counts.values()) - min(counts[place] for place in range(3)) <= 1


def test_a_team_gets_different_gpus(tmp_path: Path) -> None:
    with lease(GPUS, 1, 2, tmp_path) as one, lease(GPUS, 3, 2, tmp_path) as team:
        assert one == [0]
        assert sorted(team) == [0, 1, 2]


def test_a_team_gets_no_second_share_of_a_gpu_that_it_has(tmp_path: Path) -> None:
    """GPU 1 alone is in use, so that the first round of shares leaves it out."""
    with lease(GPUS[1:2], 1, 1, tmp_path), lease(GPUS, 3, 2, tmp_path) as team:
        assert sorted(team) == [0, 1, 2]


def test_more_than_there_are_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="4 GPUs are asked for, and there are 3"):
        lease(GPUS, 4, 1, tmp_path).__enter__()


@pytest.mark.parametrize(
    ("count", "visible", "names"),
    [
        (2, None, ["0", "1"]),
        (2, "", ["0", "1"]),
        (2, "3, 5", ["3", "5"]),
        (1, "GPU-8a,GPU-8b", ["GPU-8a"]),
    ],
)
def test_names_are_those_of_the_machine(count: int, visible: str | None, names: list[str]) -> None:
    assert name_gpus(count, visible) == names
