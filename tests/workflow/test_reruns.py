"""What a change runs again: the jobs that snakemake plans, or does, are compared with the table."""

import os
import re
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from pipeline_lib.data.sample.write import write_sample
from pipeline_lib.jobs.why import explain, read_plan
from pipeline_lib.settings.dataset import SampleLogs
from pipeline_lib.settings.load import read_dataset
from tests.workflow.small_project import JOB, ROOT, SmallProject

SHOWN = {"compare movielens", "tables movielens", "figures movielens", "report"}
COMPARED = {*SHOWN, "best_model movielens", "check_trainings"}
LEARNERS = ("melu", "paml")
FILE = "results/sample/movielens/tables/table2.md"


def jobs_of(method: str, *seeds: int) -> set[str]:
    """Name the jobs that a learner has of its own."""
    rules = ("predict", "evaluate")
    trainings = {f"train movielens {method} {seed}" for seed in seeds}
    return trainings | {f"{rule} movielens {method}" for rule in rules}


EVALUATED = {
    "evaluate_references movielens two-bias",
    *(f"evaluate movielens {method}" for method in LEARNERS),
}
WHOLE = {
    *(f"{rule} movielens" for rule in ("clean", "partition", "encode", "data_report", "project")),
    *("train movielens two-bias 0", "predict_references movielens two-bias", "table_6"),
    *(EVALUATED | COMPARED | jobs_of("melu", 0, 1) | jobs_of("paml", 0, 1)),
}
BOOKS = {job.replace("movielens", "bookcrossing") for job in WHOLE} | {"sample_logs bookcrossing"}


def write(file: str, change: Callable[[str], str]) -> Callable[[SmallProject], None]:
    """Change a text file of a project."""

    def apply(project: SmallProject) -> None:
        path = project.folder / file
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    return apply


def edit(file: str, **changes: object) -> Callable[[SmallProject], None]:
    """Change a project's settings."""
    return lambda project: project.edit(file, **changes)


def add_code(module: str) -> Callable[[SmallProject], None]:
    """Add a line of code to a module of the project's library."""
    return write(f"library/pipeline_lib/{module}.py", lambda text: f"{text}\nADDED = 1\n")


def add_words(project: SmallProject) -> None:
    """Change a module's docstring, and comment every module and every script."""
    module = "library/pipeline_lib/methods/baselines.py"
    write(module, lambda text: text.replace("MeLU, Meta-SGD", "other words", 1))(project)
    for folder in ("library/pipeline_lib", "workflow/scripts"):
        for path in (project.folder / folder).rglob("*.py"):
            write(str(path), lambda text: f"# Words.\n{text}\n\n# More words.\n")(project)


def lay_out(project: SmallProject) -> None:
    """Lay the Snakefile and the rules out otherwise."""
    for path in (project.folder / "Snakefile", *(project.folder / "workflow").rglob("*.smk")):
        write(str(path), lambda text: text.replace("\n\n", "\n\n\n# Words.\n\n"))(project)


def touch(folder: str) -> Callable[[SmallProject], None]:
    """Make every file of a folder as new as one just written, but snakemake's own."""

    def apply(project: SmallProject) -> None:
        for path in (project.folder / folder).rglob("[!.]*"):
            os.utime(path)

    return apply


def add_rating(project: SmallProject) -> None:
    """Write one more raw rating."""
    users, movies = ((project.folder / f"raw/ml-1m/{n}.dat") for n in ("users", "movies"))
    user, movie = (path.read_bytes().split(b"::")[0].decode() for path in (users, movies))
    with (project.folder / "raw/ml-1m/ratings.dat").open("a") as file:
        file.write(f"{user}::{movie}::4::978300760\n")


CASES: dict[str, tuple[Callable[[SmallProject], None], set[str]]] = {
    "a seed more": (
        edit("config/config.yaml", seeds=[0, 1, 2]),
        COMPARED | jobs_of("melu", 2) | jobs_of("paml", 2),
    ),
    "a method more": (
        edit("config/config.yaml", methods=["two-bias", *LEARNERS, "item-mean"]),
        COMPARED
        | {
            "train movielens item-mean 0",
            "predict_references movielens item-mean",
            "evaluate_references movielens item-mean",
        },
    ),
    "a dataset more": (edit("config/config.yaml", datasets=["movielens", "bookcrossing"]), BOOKS),
    "a figure's code": (
        add_code("reporting/figures/groups"),
        {"figures movielens", "report"},
    ),
    "the cleaning's code": (add_code("data/clean/clean"), WHOLE),
}


def own_library(project: SmallProject) -> None:
    """Copy the library into a project."""
    library = project.folder / "library/pipeline_lib"
    scratch = shutil.ignore_patterns("*.pyc.*", ".*")  # other processes write these
    shutil.copytree(ROOT / "pipeline_lib", library, ignore=scratch)


def copy_of(project: SmallProject, folder: Path) -> SmallProject:
    """Copy a finished project; the files keep their ages."""
    return SmallProject(shutil.copytree(project.folder, folder, symlinks=True))


def said(project: SmallProject, patch: pytest.MonkeyPatch, *arguments: str) -> str:
    """Run the workflow with the project's own library, if it has one; return what it prints."""
    patch.setenv("PYTHONPATH", f"{project.folder}/versions:{project.folder}/library")
    result = project.snakemake(*arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def jobs(text: str) -> set[str]:
    """Name the jobs by rule and wildcards."""
    found = [
        " ".join([rule, *re.findall(r"=([^,\n]+)", "".join(re.findall("wildcards: .*\n", body)))])
        for rule, body in JOB.findall(text)
    ]
    assert len(found) == len(set(found))
    return set(found) - {"all"}


@pytest.fixture
def copied(finished: SmallProject, tmp_path: Path) -> SmallProject:
    """Copy the run that tests share, with a library of its own."""
    project = copy_of(finished, tmp_path / "project")
    own_library(project)
    return project


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_change_runs_what_depends_on_it_and_nothing_else(
    copied: SmallProject, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    change, expected = CASES[case]
    change(copied)
    assert jobs(said(copied, monkeypatch, "--dry-run")) == expected


NO_CHANGES = (add_words, lay_out, touch("workflow"), touch("results/sample/movielens/raw"))


@pytest.mark.slow
def test_what_changes_no_result_runs_nothing_and_other_versions_are_reported(
    copied: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    for change in NO_CHANGES:
        change(copied)
    other = copied.folder / "versions/scipy-99.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: scipy\nVersion: 99.0\n")
    text = said(copied, monkeypatch)
    assert jobs(text) == set()
    assert text.count(f"Of 5 finished trainings, 5 used scipy {version('scipy')} (now 99.0)") == 1


def test_the_modules_that_changed_are_named_and_run_what_depends_on_them(
    copied: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else runs, though much is changed besides that has no part in a result."""
    for change in (*NO_CHANGES, add_code("metrics/ranking"), add_code("methods/paml")):
        change(copied)
    text = said(copied, monkeypatch, "--dry-run")
    # The data report and Table 6 write numbers as the other tables do.
    shown = COMPARED | {"data_report movielens", "table_6"}
    assert jobs(text) == EVALUATED | shown | jobs_of("paml", 0, 1)
    sentence = explain(FILE, read_plan(text))
    assert sentence.startswith(f"{FILE} would be made again: ")
    assert re.search(r"pipeline_lib\.metrics\.ranking changed \(rule [^)]*evaluate", sentence)
    assert "pipeline_lib.methods.paml changed (rule train)" in sentence


@pytest.mark.slow
def test_raw_files_are_known_by_what_they_hold(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is over a megabyte. What else a change of them runs, a change of the cleaning's shows."""
    dataset = read_dataset(project.folder / "config/datasets", "movielens")
    raw = project.folder / "raw" / dataset.folder
    sample = SampleLogs(generator="movielens", users=150, items=80, seed=1)
    write_sample({r: raw / table.file for r, table in dataset.tables().items()}, sample)
    details = raw / "movies_extrainfos.dat"
    details.write_text(details.read_text("utf-8").replace("::N/A\n", f"::{'plot ' * 300_000}\n", 1))
    project.edit("config/config.yaml", name="small", logs="real", raw_dir="raw")
    file = "results/small/movielens/clean/users.parquet"
    assert jobs(said(project, monkeypatch, file)) == {"clean movielens"}
    touch("raw")(project)
    assert jobs(said(project, monkeypatch, "--dry-run", file)) == set()
    add_rating(project)
    text = said(project, monkeypatch, "--dry-run", file)
    assert jobs(text) == {"clean movielens"}
    sentence = f"{file} would be made again: ratings.dat changed (rule clean)."
    assert explain(file, read_plan(text)) == sentence
