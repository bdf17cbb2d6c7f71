"""One sentence says what changed since a file was made."""

import sys

import pytest

from pipeline_lib.__main__ import _main
from pipeline_lib.jobs.why import explain, read_plan

FILE = "results/a/table.md"
JOBS = """
[Mon Jan  1 00:00:00 2026]
rule train:
    input: results/a/train.parquet
    output: results/a/weights, results/a/record
    jobid: 2
    reason: {first}
    wildcards: method=paml
[Mon Jan  1 00:00:00 2026]
localrule tables:
    input: results/a/weights
    output: results/a/table.csv, results/a/table.md
    jobid: 1
    reason: {second}
"""
AGAIN = "Input files updated by another job: results/a/weights"
PARAMS = (
    "Params have changed since last execution: Union of exclusive params before and now across "
    "all output: before: {} now: {} "
)
NONE = "<nothing exclusive>"


def said(first: str, second: str = AGAIN) -> str:
    return explain(FILE, read_plan(JOBS.format(first=first, second=second)))


@pytest.mark.parametrize("given", [FILE, f"./{FILE}", "results//b/../a/table.md"])
def test_a_file_may_be_named_in_any_way(given: str) -> None:
    jobs = read_plan(JOBS.format(first="Missing output files: results/a/weights", second=AGAIN))
    assert explain(given, jobs).startswith(f"{FILE} would be made again")


@pytest.mark.parametrize(
    ("before", "now", "cause"),
    [
        (
            "'pipeline_lib.meta.rates 0123456789abcdef'",
            "'pipeline_lib.meta.rates fedcba9876543210'",
            "pipeline_lib.meta.rates changed",
        ),
        (NONE, "'pipeline_lib.meta.rates fedcba9876543210'", "pipeline_lib.meta.rates is new"),
        ("None,'a.css 0123456789abcdef'", NONE, "a.css is gone"),
        (
            "{'kind': 'paml', 'lr_max': 0.1},{'task': 'x; y'}",
            "{'kind': 'paml', 'lr_max': 0.2},{'task': 'x; z'}",
            "the setting lr_max was 0.1 and is 0.2 (rule train); "
            "the setting task was 'x; y' and is 'x; z'",
        ),
        ("{'a': {'b': 1, 'c': 2}}", "{'a': {'b': 1}}", "the setting a.c was 2 and is None"),
        ("0", "1", "a setting was 0 and is 1"),
        ("'MovieLens'", NONE, "a setting was 'MovieLens' and is nothing"),
    ],
)
def test_names_the_module_or_the_setting(before: str, now: str, cause: str) -> None:
    sentence = said(PARAMS.format(before, now))
    assert sentence == f"{FILE} would be made again: {cause} (rule train)."


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("Updated input files: raw/ratings.dat", "the input raw/ratings.dat changed"),
        ("Missing output files: results/a/weights", "results/a/weights does not exist"),
        ("Incomplete output files: results/a/record", "results/a/record was not finished"),
        ("Set of input files has changed since last execution", "it has other inputs"),
        ("Forced execution", "it is forced"),
    ],
)
def test_names_what_else_snakemake_says(reason: str, cause: str) -> None:
    assert said(reason) == f"{FILE} would be made again: {cause} (rule train)."


def test_of_one_cause_all_rules_are_named_and_of_several_causes_each() -> None:
    changed = PARAMS.format("'m 0123456789abcdef'", "'m fedcba9876543210'")
    assert said(changed, f"{AGAIN}; {changed}").endswith(": m changed (rule train, tables).")
    assert said("Forced execution", changed).endswith(
        ": it is forced (rule train); m changed (rule tables)."
    )


def test_a_file_that_no_job_makes_is_up_to_date_and_one_that_is_not_there_says_so() -> None:
    assert explain(FILE, []) == f"{FILE} is up to date."
    assert explain("results/a/other.md", read_plan(JOBS)) == "results/a/other.md is up to date."
    missing = f"Missing output files: results/a/table.csv, {FILE}; {AGAIN}"
    assert said("Forced execution", missing) == f"{FILE} does not exist yet."


@pytest.mark.slow
def test_what_snakemake_cannot_plan_it_says_itself(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    monkeypatch.setattr(sys, "argv", ["pipeline_lib", "why", "results/none", "--cores", "2"])
    assert _main() == 1
    assert "No Snakefile found" in capsys.readouterr().err
