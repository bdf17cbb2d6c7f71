"""Which test runs which command of README.md and docs/.

`HERE`: commands that tests run as the page shows them; changed are only cores, ports, places such
as <folder>, and the size of the logs and trainings. Where one command is run, others that differ
from it in methods, seeds or datasets alone are planned. `ELSEWHERE`: commands whose very
words, or what comes to the same where it says so, are in another test.
"""

import re

from tests.workflow.commands import Command, commands

COMMANDS = commands()
UNSOUND = r"snakemake --cores 8 --resources gpu=1 all"  # the page warns of it
OTHER_PAGE = "docs/your-own-logs.md"  # makes its own logs and settings first

PLANS = "workflow/test_commands.py"
RUNS = "workflow/test_commands_run.py"
REAL = "workflow/test_commands_real.py"
SLURM = "cluster/test_slurm.py::test_all_from_training_on_goes_through_sbatch"
POD = "test_a_job_of_kubernetes_has_image_volume_memory_and_works"
STORE = "tracking/test_postgresql.py::test_trainings_at_once_lose_nothing"
PINNED = "test_everything_needed_is_pinned_and_installed_so"

HERE = {
    rf"(?!{UNSOUND})snakemake .*--resources[ =]gpu=.*": f"{RUNS}::test_a_run_on_gpus",
    r"snakemake all --cores 8 --config 'override=[^']*'": f"{RUNS}::test_a_run_of_another_gamma",
    r"snakemake all --cores 8 --config processes=4": f"{RUNS}::test_a_run_of_several_processes",
    r"snakemake all .*--config ('methods=.*|'sweep=.*|'override=.*'seeds=.*)": f"{PLANS}::"
    "test_snakemake_plans_it",
    r"snakemake all .*--config ('splits|name)=.*": f"{PLANS}::test_snakemake_plans_it",
    r"snakemake all .*--configfile config/paper\.yaml": f"{REAL}::test_a_run_of_downloaded_logs",
    r"snakemake all .*--configfile config/paper\.yaml .*<folder> .*taobao.*": f"{REAL}::"
    "test_a_run_of_all_datasets",
    r"snakemake all .*--configfile config/\w+\.yaml .*=<folder>"
    r"( .*bookcrossing\]'.*| 'methods=.*)?": f"{PLANS}::test_snakemake_plans_it",
    r"snakemake --cores 2 results/.*": f"{RUNS}::test_a_model_on_request",
    r"snakemake --report .*": f"{RUNS}::test_snakemakes_own_report",
    r"(.* )?make test( .*)?": f"{PLANS}::test_make_test_runs_what_it_says",
    r"make (schemas|lock|sync-tracking)": f"{PLANS}::test_make_writes_and_sends",
    r"make ui": f"{RUNS}::test_make_ui_opens_the_pages",
    # Half an hour, a package index, what a change has to pass anyway: it is looked at what they
    # would do.
    r"make (bench|lint|\.venv/ready)": f"{PLANS}::test_make_would_do_what_it_says",
    r"python -m tests\.benchmarks\.(?!gpu).*": f"{PLANS}::test_a_benchmark_made_small",
    r"source .*": f"{PLANS}::test_the_environment_is_activated",
    r"find .*": f"{PLANS}::test_hidden_files_are_found",
    r"ssh .*": f"{PLANS}::test_the_tunnel_leads_to_the_server",
    r"docker build .*": f"{PLANS}::test_the_image_is_built",
    r"mlflow models serve .*|curl .*": f"{RUNS}::test_a_model_answers_over_http",
    r"python -m pipeline_lib why .*": f"{RUNS}::test_why_a_file_would_be_made_again",
    r"python -m pipeline_lib recommend .*": f"{RUNS}::test_a_model_answers_a_csv",
}

ELSEWHERE = {
    rf"{OTHER_PAGE}: .*": "workflow/test_own_logs.py::test_every_step_gives_what_the_page_shows",
    r"docs/protocols\.md: .*": "workflow/test_protocols_page.py::"
    "test_every_step_gives_what_the_page_shows",
    r"docs/your-own-method\.md: .*": "workflow/test_own_method.py::"
    "test_every_step_gives_what_the_page_shows",
    r"README\.md: python -m pipeline_lib inspect <files>": "data/inspect/test_inspect.py::"
    "test_the_command_prints_it_or_says_what_is_wrong",
    r".*: make demo": "workflow/test_readme.py::test_the_excerpt_is_what_make_demo_gives",
    rf".*: {UNSOUND}": "workflow/test_settings.py::"
    "test_the_form_that_snakemake_cannot_parse_still_fails",
    # Submitted to a Slurm on loopback. At its end Slurm.stop cancels the user's jobs.
    r".*--workflow-profile workflow/profiles/slurm": SLURM,
    r".*: scancel .*": SLURM,
    # On a CPU, and small.
    r".*: python -m tests\.benchmarks\.gpu .*": "benchmarks/test_gpu.py::"
    "test_every_figure_of_a_cpu_is_there",
    # There is no cluster: what a pod would run is run by hand.
    r".*--workflow-profile workflow/profiles/kubernetes": f"cluster/test_profiles.py::{POD}",
    # The same variable, set for the workflow's process alone.
    r".*: export MLFLOW_TRACKING_URI=.*": STORE,
    # In this process.
    r".*: mlflow (experiments restore .*|gc)": "tracking/test_update.py::"
    "test_runs_of_a_deleted_experiment_wait_until_it_is_restored_or_gone",
    r".*: python -m pipeline_lib\.reporting\.lemmas": "reporting/test_lemmas.py::"
    "test_what_is_written_has_its_numbers_and_the_same_bytes_every_time",
    # A user with a password and a database, made by initdb instead, and the same server on them.
    r".*: (createuser|createdb) .*": STORE,
    r".*: MLFLOW_DISABLE_TELEMETRY=true mlflow server .*": STORE,
    r".*: snakemake results --cores 1": "workflow/test_results_page.py::"
    "test_the_text_holds_what_the_runs_gave",
    r".*: (snakemake (entries|leaderboard)( .*)?|python -m pipeline_lib leaderboard)": "workflow/"
    "test_splits.py::test_the_run_gives_entries_of_which_the_leaderboard_is_made",
    # Without its dependencies, which need a package index.
    r".*: pip (wheel \.|install dist/).*": "api/test_wheel.py::"
    "test_the_wheel_reads_a_run_in_another_folder",
    # Needs a package index. The packages are in the environment, at the versions pinned.
    r".*: pip install mlflow psycopg2-binary": f"test_lock.py::{PINNED}",
}


def matches(pattern: str, text: str) -> bool:
    """Return whether a line of a table is of a command."""
    return re.fullmatch(pattern, text, re.DOTALL) is not None


def held(command: Command) -> bool:
    """Return whether a test runs a command."""
    here = any(matches(pattern, command.text) for pattern in HERE)
    return here or any(matches(pattern, str(command)) for pattern in ELSEWHERE)


def of(test: str) -> list[str]:
    """List the commands that a test is to run."""
    patterns = [pattern for pattern, name in HERE.items() if name.endswith(f"::{test}")]
    assert patterns, test
    return [c.text for c in COMMANDS if any(matches(p, c.text) for p in patterns)]


def one_line(command: str) -> str:
    """Name a test of a command."""
    return " ".join(command.replace("\\\n", "").split())
