# What people read.


rule data_report:
    """Report what became of a dataset's rows, users and features: as JSON and as a page."""
    input:
        users=rules.clean.output.users,
        item_table=rules.clean.output.item_table,
        interactions=rules.clean.output.interactions,
        rejects=rules.clean.output.rejects,
        clean_report=rules.clean.output.report,
        split_users=rules.partition.output.users,
        rows=rules.partition.output.interactions,
        split=rules.partition.output.record,
    output:
        record=DATA_REPORT,
        page=report(
            f"{HERE}/data_report.html",
            caption="../report/data.rst",
            category="{dataset}",
            subcategory="Data",
        ),
    log:
        f"{HERE}/logs/data_report.log",
    params:
        *code("data_report"),
        *templates("base.css", "data_report*"),
        title=lambda w: settings.datasets[w.dataset].title,
        licence=lambda w: settings.datasets[w.dataset].licence,
        sample=settings.run.logs == "sample",
        of_paper=lambda w: settings.datasets[w.dataset].of_paper,
        settings=log_settings,
        partition=partition_settings,
    script:
        "../scripts/data_report.py"


rule project:
    """Lay out the test users in a plane by each method's embeddings, and tell groups by them."""
    input:
        records=embedded_trials(TRAINED["record"]),
        weights=embedded_trials(TRAINED["weights"]),
        test=rules.encode.output.test,
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        split_users=rules.partition.output.users,
        names=rules.encode.output.names,
    output:
        projection=f"{HERE}/embeddings.parquet",
        separation=SEPARATION,
    log:
        f"{HERE}/logs/project.log",
    params:
        *code("project", modules_of(EMBEDDED)),
        seed=settings.run.split_seed,
    script:
        "../scripts/project.py"


rule tables:
    """Write the paper's Tables 1 to 5, our figures beside the paper's, and those it lacks."""
    input:
        comparison=COMPARISON,
        report=DATA_REPORT,
        trainings=all_trials(TRAINED["record"]),
        separation=SEPARATION if EMBEDDED else [],
        paper=PAPER,
    output:
        **{name: table_files(f"{HERE}/tables/{name}") for name in TABLES},
        pairs=f"{HERE}/tables/pairs.csv",
    log:
        f"{HERE}/logs/tables.log",
    params:
        *code("tables"),
    script:
        "../scripts/tables.py"


rule split_tables:
    """Write tables of methods over further splits, and every two methods' differences."""
    input:
        SPLIT_COMPARISON,
    output:
        **{
            name: table_files(f"{HERE}/tables/{name}")
            for name in ["error_splits", "ranking_splits"]
        },
        pairs=f"{HERE}/tables/split_pairs.csv",
    log:
        f"{HERE}/logs/split_tables.log",
    params:
        *code("split_tables"),
    script:
        "../scripts/split_tables.py"


rule metric_tables:
    """Write tables of the metrics that the run chooses, over seeds and over further splits."""
    input:
        comparison=COMPARISON,
        splits=SPLIT_COMPARISON if SPLITS else [],
    output:
        **{name: table_files(f"{HERE}/tables/{name}") for name in METRIC_TABLES},
    log:
        f"{HERE}/logs/metric_tables.log",
    wildcard_constraints:
        dataset=one_of(MEASURED),
    params:
        *code("metric_tables"),
    script:
        "../scripts/metric_tables.py"


rule table_6:
    """Write the paper's Table 6, the datasets of a run, our figures beside the paper's."""
    input:
        reports=expand(DATA_REPORT, dataset=DATASETS),
        paper=PAPER,
    output:
        report(
            f"{RUN}/tables/table6.csv",
            caption="../report/table_6.rst",
            category="Run",
            labels={"table": "table6"},
        ),
        f"{RUN}/tables/table6.md",
        f"{RUN}/tables/table6.tex",
    log:
        f"{RUN}/logs/table_6.log",
    params:
        *code("table_6"),
    script:
        "../scripts/table_6.py"


rule figures:
    """Draw a dataset's figures: as PNG and SVG, with the data behind them and a caption."""
    input:
        projection=rules.project.output.projection if EMBEDDED else [],
        comparison=COMPARISON,
        users=all_trials(EVALUATED["users"]),
        predictions=all_trials(PREDICTED["predictions"]),
        history=all_trials(TRAINED["history"]),
        support=all_trials(EVALUATED["support"]),
        trainings=all_trials(TRAINED["record"]),
    output:
        **figure_files("rating"),
    log:
        f"{HERE}/logs/figures.log",
    wildcard_constraints:
        dataset=one_of(of_task("rating")),
    params:
        *code("figures", map(module_of, figures_for("rating", settings.methods))),
        figures=figures_for("rating", settings.methods),
        trials=TRIALS,
    script:
        "../scripts/figures.py"


# The same of clicks, which have other figures: outputs cannot depend on a wildcard.
use rule figures as figures_of_clicks with:
    output:
        **figure_files("click"),
    wildcard_constraints:
        dataset=one_of(of_task("click")),
    params:
        *code("figures", map(module_of, figures_for("click", settings.methods))),
        figures=figures_for("click", settings.methods),
        trials=TRIALS,


rule check_trainings:
    """Fail where a training was stopped, once all that can be made without it is there."""
    input:
        made=lambda w: [*map(ancient, targets(w))],
        records=[
            [*trials(TRAINED["record"], name), *split_trials(TRAINED["record"], name)]
            for name in DATASETS
        ],
    output:
        touch(f"{RUN}/trainings.sound"),
    log:
        f"{RUN}/logs/check_trainings.log",
    retries: 0
    params:
        *code("check_trainings"),
    script:
        "../scripts/check_trainings.py"


rule report:
    """Write the run's report: tables, figures, data, settings and the trainings behind them."""
    input:
        comparisons=expand(COMPARISON, dataset=DATASETS),
        data=expand(DATA_REPORT, dataset=DATASETS),
        figures=figures("csv", "png", "txt"),
        evaluations=[trials(EVALUATED["evaluation"], name) for name in DATASETS],
        trainings=[trials(TRAINED["record"], name) for name in DATASETS],
        separations=expand(SEPARATION, dataset=DATASETS) if EMBEDDED else [],
        splits=expand(SPLIT_COMPARISON, dataset=DATASETS) if SPLITS else [],
        paper=PAPER,
    output:
        report(REPORT, caption="../report/report.rst", category="Run"),
    log:
        f"{RUN}/logs/report.log",
    params:
        *code("report"),
        *templates("*.html", "*.css", "*.js"),
        name=settings.run.name,
        sample=settings.run.logs == "sample",
        seeds=len(settings.run.seeds),
        settings=settings_texts(),
        datasets=report_parts(),
    script:
        "../scripts/report.py"
