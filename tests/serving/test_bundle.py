"""A bundle that is not what was written is refused."""

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_lib.serving.bundle import MANIFEST, BundleError, check_bundle, digest, write_bundle
from pipeline_lib.serving.recommender import load_recommender
from pipeline_lib.storage.tables import read_json, write_json
from pipeline_lib.training.record import TrainingRecord
from tests.conftest import load_dataset
from tests.serving.small_bundle import bundle_files, bundle_of
from tests.training.toy import raw_settings
from tests.workflow.small_project import SmallProject

NAMES = [
    "items.parquet",
    "items.safetensors",
    "profile.json",
    "training.json",
    "vocabulary.json",
    "weights.safetensors",
]


@pytest.fixture
def own(bundle: Path, tmp_path: Path) -> Path:
    """A copy to be spoilt."""
    return Path(shutil.copytree(bundle, tmp_path / "own"))


def test_a_bundle_has_what_serving_needs_and_nothing_pickled(bundle: Path) -> None:
    assert sorted(path.name for path in bundle.iterdir()) == sorted([MANIFEST, *NAMES])
    check_bundle(bundle)


@pytest.mark.parametrize("name", [*NAMES, MANIFEST])
def test_a_file_that_is_cut_off_is_refused(own: Path, name: str) -> None:
    content = (own / name).read_bytes()
    (own / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(BundleError, match=rf"(?s){name} .* the model is refused"):
        load_recommender(own)


@pytest.mark.parametrize("name", [*NAMES, MANIFEST])
def test_a_file_that_is_missing_is_refused(own: Path, name: str) -> None:
    (own / name).unlink()
    with pytest.raises(BundleError, match=rf"{name} "):
        load_recommender(own)


def test_a_file_too_many_is_refused(own: Path) -> None:
    (own / "weights.pt").write_bytes(b"\x80\x04")
    with pytest.raises(BundleError, match=r"weights\.pt does not belong there"):
        load_recommender(own)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(NAMES), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_bit_that_is_flipped_is_noticed(own: Path, name: str, place: float, bit: int) -> None:
    whole = (own / name).read_bytes()
    content = bytearray(whole)
    content[int(place * len(content))] ^= 1 << bit
    (own / name).write_bytes(content)
    try:
        with pytest.raises(BundleError, match=name):
            check_bundle(own)
    finally:
        (own / name).write_bytes(whole)


def test_parts_of_two_models_do_not_fit_together(run: SmallProject, tmp_path: Path) -> None:
    """Even where the manifest was written for them."""
    mixed = bundle_of(run, "paml/seed-0", tmp_path / "mixed", weights="two-bias/seed-0")
    with pytest.raises(BundleError, match="do not fit together"):
        load_recommender(mixed)


def test_a_method_that_is_unknown_here_is_named(run: SmallProject, tmp_path: Path) -> None:
    """One of somebody's own, whose folder is not named."""
    folder = write_other(run, tmp_path, settings={"kind": "theirs"})
    with pytest.raises(BundleError, match=r"cannot be loaded here: .*unknown kind 'theirs'"):
        load_recommender(folder)


def test_flann_that_is_missing_is_named(
    run: SmallProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_other(run, tmp_path, settings=raw_settings("at-paml", index="flann"))
    monkeypatch.setitem(sys.modules, "pyflann", None)
    with pytest.raises(BundleError, match=r"cannot be loaded here: .*x86-64 only"):
        load_recommender(folder)


def test_the_digest_names_the_content(run: SmallProject, bundle: Path, tmp_path: Path) -> None:
    assert digest(bundle_of(run, "paml/seed-0", tmp_path / "same")) == digest(bundle)
    assert digest(bundle_of(run, "melu/seed-0", tmp_path / "other")) != digest(bundle)


def test_no_bundle_is_made_of_a_training_that_was_stopped(
    run: SmallProject, tmp_path: Path
) -> None:
    with pytest.raises(
        BundleError, match=r"training\.json: stopped in epoch 3: too large; no model"
    ):
        write_other(run, tmp_path, stopped="epoch 3: too large")
    assert not (tmp_path / "bundle").exists()


def write_other(run: SmallProject, folder: Path, **changes: object) -> Path:
    """Write a bundle of a training whose record has other values."""
    files = bundle_files(run, "paml/seed-0")
    record = read_json(files["record"], TrainingRecord)
    files["record"] = folder / "training.json"
    write_json(record.model_copy(update=changes), files["record"])
    settings = load_dataset("movielens", run.folder / "config").log_settings()
    write_bundle(files, settings, folder / "bundle")
    return folder / "bundle"
