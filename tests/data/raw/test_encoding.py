"""Raw text becomes UTF-8, or the message names the line and byte of what is wrong."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline_lib.data.raw import encoding
from pipeline_lib.data.raw.encoding import RawFileError, as_utf8

GOOD = "1::Café::1995\n"
ENCODINGS = ["latin-1", "utf-8"]
CHUNKS = [1, 2, 3, 7, 2**24]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "films.dat"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture(params=CHUNKS)
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "CHUNK", request.param)


def error(path: Path, content: bytes, due: str, scratch: Path) -> str:
    path.write_bytes(content)
    with pytest.raises(RawFileError) as caught:
        as_utf8(path, due, scratch, path)
    assert list(scratch.iterdir()) == []
    return str(caught.value)


@pytest.mark.parametrize("due", ENCODINGS)
def test_ascii_is_read_where_it_lies(path: Path, scratch: Path, due: str) -> None:
    path.write_bytes(b"1::Heat::1995\n")
    assert as_utf8(path, due, scratch, path) == path


def test_utf_8_is_read_where_it_lies(path: Path, scratch: Path) -> None:
    path.write_text(f"\ufeff{GOOD}", encoding="utf-8")
    assert as_utf8(path, "utf-8", scratch, path) == path


def test_latin_1_is_read_from_a_copy(path: Path, scratch: Path, chunk: None) -> None:
    path.write_text(GOOD, encoding="latin-1")
    copy = as_utf8(path, "latin-1", scratch, path)
    assert copy.parent == scratch
    assert copy.read_text(encoding="utf-8") == GOOD
    assert path.read_text(encoding="latin-1") == GOOD


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\t\n"])
def test_an_empty_file_is_named_with_the_remedy(
    path: Path, scratch: Path, content: bytes, chunk: None
) -> None:
    expected = f"{path} is empty; unpack or download it again"
    assert error(path, content, "utf-8", scratch) == expected


def test_text_after_much_blank_is_no_empty_file(path: Path, scratch: Path, chunk: None) -> None:
    path.write_bytes(b"\n" * 20 + b"a")
    assert as_utf8(path, "utf-8", scratch, path) == path


def test_utf_8_where_latin_1_is_due_is_named_with_its_place(
    path: Path, scratch: Path, chunk: None
) -> None:
    message = error(path, f"2::Heat::1996\n{GOOD}".encode(), "latin-1", scratch)
    assert message.startswith(
        f"{path}, line 2, byte column 7: UTF-8, not latin-1; take `encoding: latin-1` out"
    )


def test_a_byte_order_mark_where_latin_1_is_due_is_named(path: Path, scratch: Path) -> None:
    message = error(path, "2::Heat::1996\n".encode("utf-8-sig"), "latin-1", scratch)
    assert message.startswith(f"{path}, line 1, byte column 1: UTF-8, not latin-1; ")


def test_latin_1_where_utf_8_is_due_is_named_with_its_place(
    path: Path, scratch: Path, chunk: None
) -> None:
    message = error(path, f"2::Heat::1996\n{GOOD}".encode("latin-1"), "utf-8", scratch)
    assert message.startswith(
        f"{path}, line 2, byte column 7: not UTF-8; say under `encoding` what the file is in, for "
        "example `encoding: latin-1`"
    )


def test_latin_1_beside_utf_8_is_found(path: Path, scratch: Path, chunk: None) -> None:
    message = error(path, f"{GOOD}{GOOD}".encode() + GOOD.encode("latin-1"), "utf-8", scratch)
    assert message.startswith(f"{path}, line 3, byte column 7: ")


def test_a_letter_cut_off_at_the_end_is_found(path: Path, scratch: Path, chunk: None) -> None:
    message = error(path, "a\nab€".encode()[:-1], "utf-8", scratch)
    assert message.startswith(f"{path}, line 2, byte column 3: ")


@pytest.mark.parametrize("due", ENCODINGS)
@pytest.mark.parametrize(("written", "column"), [("utf-16", 4), ("utf-16-le", 2), ("utf-16-be", 1)])
def test_a_nul_byte_is_no_text_of_single_bytes(
    path: Path, scratch: Path, due: str, written: str, column: int, chunk: None
) -> None:
    message = error(path, GOOD.encode(written), due, scratch)
    assert message.startswith(
        f"{path}, line 1, byte column {column}: a NUL byte, so not {due}; say under `encoding`"
    )


WRITTEN = ["windows-1252", "utf-16", "utf-16-le", "utf-32", "gb18030", "cp037"]


def test_any_encoding_of_python_is_read(path: Path, scratch: Path, chunk: None) -> None:
    for name in WRITTEN:
        path.write_bytes(GOOD.encode(name))
        assert as_utf8(path, name, scratch, path).read_text(encoding="utf-8") == GOOD, name
    for name, text in (
        ("shift_jis", "1,カフェ\n"),
        ("iso2022_jp", "1,日本\n"),
        ("utf-7", "1,é€\n"),
    ):
        path.write_bytes(text.encode(name))
        assert as_utf8(path, name, scratch, path).read_text(encoding="utf-8") == text, name


def test_what_is_not_in_the_encoding_is_named_with_its_place(path: Path, scratch: Path) -> None:
    for name, content in (("ascii", b"a\nb\xe9"), ("utf-16", "a\nb".encode("utf-16") + b"\0")):
        message = error(path, content, name, scratch)
        assert f"{path}, line 2, byte column " in message, name
        assert f": not {name}; say under `encoding` what the file is in" in message, name
    path.write_bytes("\n".encode("utf-16"))
    with pytest.raises(RawFileError, match="is empty; unpack or download it again"):
        as_utf8(path, "utf-16", scratch, path)


texts = st.text(alphabet=st.sampled_from("ab\né€𝄞ÿ\x80"), max_size=30)


def unlike_utf_8(content: bytes) -> int | None:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None


@given(content=texts, size=st.integers(1, 5))
def test_no_chunk_boundary_tears_a_letter(
    content: str, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assume(content.strip())
    folder = tmp_path_factory.mktemp("chunks")
    path = folder / "text"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "CHUNK", size)
        path.write_bytes(content.encode())
        assert as_utf8(path, "utf-8", folder, path) == path


@given(
    letters=st.lists(st.sampled_from([b"a", b"\n", b"\xe9", b"\xc3", b"\xa9", b"\xe2\x82\xac"])),
    size=st.integers(1, 5),
)
def test_the_first_wrong_byte_is_the_one_that_python_finds(
    letters: list[bytes], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = b"".join([b"x", *letters])
    at = unlike_utf_8(content)
    assume(at is not None)
    before = content[:at]
    line, column = before.count(b"\n") + 1, len(before.split(b"\n")[-1]) + 1
    folder = tmp_path_factory.mktemp("bytes")
    path, scratch = folder / "text", folder / "scratch"
    scratch.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "CHUNK", size)
        message = error(path, content, "utf-8", scratch)
        assert message.startswith(f"{path}, line {line}, byte column {column}: ")
        copy = as_utf8(path, "latin-1", scratch, path)
        assert copy.read_bytes() == content.decode("latin-1").encode("utf-8")
