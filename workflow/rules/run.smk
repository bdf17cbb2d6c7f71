# Functions of the run as a whole: what it makes, and what it does when it starts.


def targets(wildcards):
    """Name what `all` makes; warn of results that other versions of packages made."""
    warn_of_versions()
    stems = [
        *(f"{RUN}/{d}/tables/{t}" for d in DATASETS for t in TABLES),
        *(f"{RUN}/{d}/tables/{t}" for d in DATASETS for t in SPLIT_TABLES),
        *(f"{RUN}/{d}/tables/{t}" for d in MEASURED for t in METRIC_TABLES),
        f"{RUN}/tables/table6",
    ]
    return [
        *(f"{stem}.{suffix}" for stem in stems for suffix in ("csv", "md", "tex")),
        *expand(f"{HERE}/tables/pairs.csv", dataset=DATASETS),
        *(f"{RUN}/{d}/tables/split_pairs.csv" for d in DATASETS if SPLITS),
        *figures("png", "svg", "csv"),
        *expand(f"{HERE}/data_report.html", dataset=DATASETS),
        REPORT,
        *expand(f"{HERE}/model.json", dataset=DATASETS),
    ]


@cache
def warn_of_versions():
    """Warn once of finished trainings that other versions of packages made."""
    records = [Path(p) for d in DATASETS for p in trials(TRAINED["record"], d)]
    if notice := other_versions(records):
        logger.warning(notice)


def lift_job_limit():
    """Lift the limit of jobs a second on this machine, so that looks for jobs follow their ends alone.

    To keep the limit, snakemake looks anew a second after every look, so that looks at all files
    add up: to more than a hundred a second after a hundred jobs.
    """
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


@cache
def hold_run():
    """Hold the run's folder until this process ends; stop where another process holds it."""
    try:
        return hold(Path(RUN))
    except RunHeldError as error:
        raise WorkflowError(str(error)) from None


@cache
def fork_scripts():
    """Have this machine's scripts forked from one process that imports what they need once."""
    apart = [] if settings.run.logs == "sample" else OF_LOGS
    return start_server(shell.executable, apart)
