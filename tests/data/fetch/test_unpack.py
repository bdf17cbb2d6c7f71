"""What is taken out of real zip files, and which are refused."""

import io
import stat
import zipfile
from pathlib import Path

import pytest

from pipeline_lib.data.fetch import FetchError, fetch
from tests.data.fetch.archive_server import CONTENT, FILES, HALF, archive_of, zip_of


def assert_refused(content: bytes, match: str, members: dict[str, Path], download: Path) -> None:
    download.write_bytes(content)
    archive = archive_of(content, "http://127.0.0.1/ml.zip")
    before = set(download.parent.parent.rglob("*"))
    with pytest.raises(FetchError, match=match) as refusal:
        fetch(archive, members, download)
    assert str(download) in str(refusal.value)
    assert "by hand" in str(refusal.value)
    written = set(download.parent.parent.rglob("*")) - before
    assert not any(path.is_file() for path in written)


@pytest.mark.parametrize(
    "name", ["../evil", "ml/../../evil", "/evil", "C:/evil", "C:evil", "..\\evil", "ml\\evil"]
)
def test_a_member_climbing_out_is_refused(
    name: str, members: dict[str, Path], download: Path, part: Path
) -> None:
    content = zip_of(*FILES.items(), (name, b""))
    assert_refused(content, "evil' could lead outside", members, download)


def test_a_name_cut_by_zero_is_refused(
    members: dict[str, Path], download: Path, part: Path
) -> None:
    content = zip_of(*FILES.items(), ("ml/evil0", b"")).replace(b"evil0", b"evil\0")
    assert_refused(content, "evil.* could lead outside", members, download)


def test_a_symlink_is_refused(members: dict[str, Path], download: Path, part: Path) -> None:
    link = zipfile.ZipInfo("ml/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    content = zip_of(*FILES.items(), (link, b"../users.dat"))
    assert_refused(content, "'ml/link' could lead outside", members, download)


def test_a_missing_member_is_named(members: dict[str, Path], download: Path, part: Path) -> None:
    content = zip_of(("ml/ratings.dat", b""), ("ml/users.dat/", b""))
    assert_refused(content, "0 files named 'users.dat'", members, download)


def test_members_of_one_name_are_refused(
    members: dict[str, Path], download: Path, part: Path
) -> None:
    content = zip_of(*FILES.items(), ("other/users.dat", b""))
    assert_refused(content, "2 files named 'users.dat'", members, download)


def test_a_zip_bomb_is_refused(members: dict[str, Path], download: Path, part: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in FILES:
            zipped.writestr(name, bytes(10**6))
    assert_refused(held.getvalue(), "would take more than", members, download)


@pytest.mark.parametrize(
    "content",
    [
        b"no zip",
        CONTENT[:HALF],
        CONTENT.replace(b"::2", b"::4"),
        CONTENT.replace(b"PK\x03", b"PK?"),
    ],
    ids=["no zip", "cut", "other bytes", "no headers"],
)
def test_a_corrupt_zip_is_refused(
    content: bytes, members: dict[str, Path], download: Path, part: Path
) -> None:
    assert_refused(content, "could not be unpacked", members, download)


def test_corruption_leaves_every_target_as_it_was(
    members: dict[str, Path], download: Path, part: Path
) -> None:
    target = members["ratings.dat"]
    target.parent.mkdir()
    target.write_bytes(b"before")
    content = CONTENT.replace(bytes(range(256)), bytes(256))
    assert_refused(content, "Bad CRC-32.*users.dat", members, download)
    assert [path.read_bytes() for path in target.parent.iterdir()] == [b"before"]
