"""docs/your-own-method.md, followed to the letter; and what a change of one's own code runs."""

import subprocess
from pathlib import Path

import pytest

from tests.settings.own_method import CODE, write_method
from tests.workflow.checkout import environment
from tests.workflow.page import missing, steps
from tests.workflow.small_project import HANGS, ROOT, SmallProject, copy_finished

PAGE = "your-own-method.md"
CONTRACT = "tests/methods/test_contract.py"


@pytest.mark.slow
def test_every_step_gives_what_the_page_shows(folder: Path) -> None:
    for step in steps(PAGE):
        if CONTRACT in step.text:
            text = step.text.replace("=mymethods", f"={folder}/mymethods")
            command = ["bash", "-euc", text.replace(CONTRACT, f"{CONTRACT} -p no:cacheprovider")]
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=HANGS,
            )
            assert done.returncode == 0, done.stdout[-3000:]
            assert " passed" in done.stdout
        else:
            printed = step.do(folder)
            assert missing(step.shown, printed) == [], printed
    assert (folder / "results/sample-mine/movielens/figures/sweeps.svg").is_file()


@pytest.mark.slow
def test_a_change_of_its_code_trains_it_again_and_nothing_else(
    finished: SmallProject, tmp_path: Path
) -> None:
    project = copy_finished(finished, tmp_path / "project")
    mine = write_method(project.folder / "mine")
    (mine / "helper.py").write_text("ONE = 1\n", encoding="utf-8")
    write_method(
        mine, CODE.replace("import torch\n", "import torch\n\nfrom .helper import ONE\n", 1)
    )
    project.edit("config/config.yaml", method_dir="mine", methods=["two-bias", "melu", "constant"])
    files = [
        f"results/sample/movielens/methods/{m}/seed-0/training.json" for m in ("constant", "melu")
    ]
    done = project.snakemake(*files)
    assert done.returncode == 0, done.stderr
    assert "Nothing to be done" not in done.stdout + done.stderr
    (mine / "helper.py").write_text("# Words.\nONE = 1\n", encoding="utf-8")
    assert project.planned(*files) == set()
    (mine / "helper.py").write_text("ONE = 2\n", encoding="utf-8")
    assert project.planned(*files) == {"train constant 0"}
