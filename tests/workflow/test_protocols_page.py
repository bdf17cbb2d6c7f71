"""docs/protocols.md, followed to the letter, gives what it shows."""

from pathlib import Path

import pytest

from pipeline_lib.settings.load import read_dataset
from pipeline_lib.settings.partition import Partition
from tests.workflow.page import missing, steps
from tests.workflow.small_project import ROOT

PAGE = "protocols.md"


def test_the_settings_are_sound_and_every_key_is_explained(folder: Path) -> None:
    text = (ROOT / "docs" / PAGE).read_text(encoding="utf-8")
    files = [step for step in steps(PAGE) if step.kind == "yaml"]
    for step in files:
        step.do(folder)
        name = Path(step.text.split("\n")[0]).stem
        assert read_dataset(folder / "config/datasets", name).partition != Partition()
    assert len(files) == 2
    further = [name for name, field in Partition.model_fields.items() if field.exclude_if]
    assert [key for key in further if f"`{key}: " not in text] == []


@pytest.mark.slow
def test_every_step_gives_what_the_page_shows(folder: Path) -> None:
    for step in steps(PAGE):
        printed = step.do(folder)
        assert missing(step.shown, printed) == [], printed
