"""A raw file's checksum follows its content, and is computed once as long as the file stays."""

import hashlib
import os
import shutil
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path

import pytest

from pipeline_lib.jobs import checksums
from pipeline_lib.jobs.checksums import Checksums


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    return tmp_path / "new/checksums.json"


@pytest.fixture
def raw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A raw file that is remembered at once."""
    monkeypatch.setattr(checksums, "SETTLED", -1)
    (path := tmp_path / "ratings [1].csv").write_text("1,2,3\n")
    return path


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the files that are read from now on."""
    read: list[str] = []
    digest = hashlib.file_digest

    def listed(file: BufferedReader, how: Callable[[], "hashlib._Hash"]) -> "hashlib._Hash":
        read.append(file.name)
        return digest(file, how)

    monkeypatch.setattr(hashlib, "file_digest", listed)
    return read


def test_it_is_the_contents_blake2b(raw: Path, memory: Path) -> None:
    """As `printf '1,2,3\\n' | b2sum -l 64` has it."""
    assert Checksums(memory).of(raw) == "b0fc1b4c8960c08e"


def test_a_file_is_read_once(raw: Path, memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, read = Checksums(memory).of(raw), reads(monkeypatch)
    assert [Checksums(memory).of(raw) for _ in range(3)] == [first] * 3
    assert read == []


def test_every_way_to_replace_a_file_is_seen(raw: Path, memory: Path, tmp_path: Path) -> None:
    """Older, of the same size, of the same time, and all of these in place."""
    (other := tmp_path / "other").write_text("3,2,1\n")
    first, at = Checksums(memory).of(raw), raw.stat()
    os.utime(other, ns=(0, 0))
    shutil.copy2(other, raw)  # as `cp -p`: into the same file, with the other's times
    second = Checksums(memory).of(raw)
    os.utime(other, ns=(at.st_atime_ns, at.st_mtime_ns))
    raw.write_text("1,2,3\n")
    assert Checksums(memory).of(raw) == first
    other.replace(raw)  # as `mv` and `rsync -a`: another file of the same size and time
    assert Checksums(memory).of(raw) == second != first


def test_times_alone_change_no_checksum(raw: Path, memory: Path) -> None:
    first = Checksums(memory).of(raw)
    os.utime(raw)
    assert Checksums(memory).of(raw) == first


def test_a_file_just_written_is_read_again(
    raw: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another change within the clock's tick would leave its times as they are."""
    monkeypatch.setattr(checksums, "SETTLED", 10**18)
    read = reads(monkeypatch)
    assert Checksums(memory).of(raw) == Checksums(memory).of(raw)
    assert read == [str(raw)] * 2
    assert not memory.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"x": 1}'])
def test_a_damaged_memory_is_as_none(raw: Path, memory: Path, content: str) -> None:
    memory.parent.mkdir()
    memory.write_text(content)
    first = Checksums(memory).of(raw)
    assert Checksums(memory).of(raw) == first


def test_what_another_process_remembered_meanwhile_stays(
    raw: Path, memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (other := tmp_path / "other.csv").write_text("x")
    mine, theirs = Checksums(memory), Checksums(memory)
    due = [theirs.of(other), mine.of(raw)]
    read = reads(monkeypatch)
    assert [Checksums(memory).of(path) for path in (other, raw)] == due
    assert read == []
