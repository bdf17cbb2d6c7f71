"""Log lines reach the rule's file and the terminal, an uncaught exception too."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path
from pipeline_lib.jobs.log import start_log
log = start_log(Path(sys.argv[1]), "movielens paml seed 3")
log.info("epoch %d", 1)
raise ValueError("boom")
"""
OWN = """
from pipeline_lib.data.raw.encoding import RawFileError
try:
    1 / 0
except ZeroDivisionError as error:
    raise RawFileError("users.csv is empty; download it again") from error
"""


def test_lines_and_the_last_error_are_in_the_file_and_on_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "paml.log"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    for text in (path.read_text(encoding="utf-8"), done.stderr):
        assert "movielens paml seed 3: epoch 1\n" in text
        assert text.endswith("ValueError: boom\n")


NOISY = SCRIPT.replace(
    "raise",
    """
import os, warnings
warnings.warn("odd")
print("printed", flush=True)
os.write(2, b"by a library in C\\n")
raise""",
)


def test_with_pipeline_quiet_all_that_a_job_prints_is_in_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "paml.log"
    command = [sys.executable, "-c", NOISY, str(path)]
    quiet = os.environ | {"PIPELINE_QUIET": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")
    text = path.read_text(encoding="utf-8")
    kept = ("epoch 1\n", "UserWarning: odd\n", "printed\n", "by a library in C\n")
    places = [text.index(line) for line in kept]
    assert places == sorted(places)
    assert text.count("epoch 1") == 1
    assert text.endswith("ValueError: boom\n")


def test_an_error_of_the_librarys_own_is_its_message_alone(tmp_path: Path) -> None:
    script = SCRIPT.replace('raise ValueError("boom")', OWN)
    command = [sys.executable, "-c", script, str(tmp_path / "log")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    for text in ((tmp_path / "log").read_text(encoding="utf-8"), done.stderr):
        first, last = text.splitlines()
        assert first.endswith("movielens paml seed 3: epoch 1")
        assert last.endswith("movielens paml seed 3: users.csv is empty; download it again")


def test_a_new_start_begins_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "paml.log"
    for _ in range(2):
        command = [sys.executable, "-c", SCRIPT, str(path)]
        subprocess.run(command, capture_output=True, check=False)
    assert path.read_text(encoding="utf-8").count("epoch 1") == 1
