# What people read.
import os
from hashlib import sha256

import yaml

from pipeline_lib.jobs.environment import ROOT
from pipeline_lib.reporting.drawing.plot import (
    figures_for,
    is_embedded,
    missing,
    module_of,
    plots,
)

TABLES_BY_DATASET = (
    *(f"table{number}" for number in range(1, 6)),
    "error_pairs",
    "ranking_pairs",
    "gaps",
)
PAPER = local(
    os.path.relpath(f"{workflow.basedir}/workflow/resources/paper_results.yaml")
)


def table_files(stem):
    """Name a table's files; snakemake's own report shows the first."""
    own = {"caption": "../report/table.rst", "subcategory": "Tables"}
    shown = report(
        f"{stem}.csv", category="{dataset}", labels={"table": Path(stem).name}, **own
    )
    return [shown, f"{stem}.md", f"{stem}.tex"]


def templates(*patterns):
    """Digest templates, so that a change of one runs the rule again."""
    folder = ROOT / "pipeline_lib/reporting/templates"
    files = sorted(file for pattern in patterns for file in folder.glob(pattern))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


rule data_report:
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
        record=f"{HERE}/data_report.json",
        page=report(
            f"{HERE}/data_report.html",
            caption="../report/data.rst",
            category="{dataset}",
            subcategory="Data",
        ),
    params:
        title=lambda w: settings.datasets[w.dataset].title,
        licence=lambda w: settings.datasets[w.dataset].licence,
        sample=settings.run.logs == "sample",
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        partition=lambda w: settings.datasets[w.dataset].partition.model_dump(
            mode="json"
        ),
        templates=templates("base.css", "data_report*"),
        code=code("data_report"),
    script:
        "../scripts/data_report.py"


rule tables:
    input:
        comparison=rules.compare.output[0],
        report=rules.data_report.output.record,
        paper=PAPER,
    output:
        **{name: table_files(f"{HERE}/tables/{name}") for name in TABLES_BY_DATASET},
        pairs=f"{HERE}/tables/pairs.csv",
    params:
        code=code("tables"),
    script:
        "../scripts/tables.py"


rule table_6:
    input:
        reports=for_each(
            rules.data_report.output.record, dataset=list(settings.datasets)
        ),
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
    params:
        code=code("table_6"),
    script:
        "../scripts/table_6.py"


# Embeddings are shown of the learners of the paper's Tables 2 and 4, trained with the first seed.
EMBEDDED = [
    (name, settings.run.seeds[0])
    for name, method in settings.methods.items()
    if is_embedded(method)
]


rule project:
    input:
        records=lambda w: trials(w.dataset, rules.train.output.record, EMBEDDED),
        weights=lambda w: trials(w.dataset, rules.train.output.weights, EMBEDDED),
        test=rules.encode.output.test,
        catalogue=rules.encode.output.catalogue,
        vocabulary=rules.encode.output.vocabulary,
        split_users=rules.partition.output.users,
        names=rules.encode.output.names,
    output:
        f"{HERE}/embeddings.parquet",
    params:
        seed=settings.run.split_seed,
        code=code(
            "project",
            [m for n, _ in EMBEDDED for m in kind_modules(settings.methods[n].kind)],
        ),
    script:
        "../scripts/project.py"


def figures(dataset):
    """Name the figures that can be drawn of a dataset."""
    return figures_for(settings.datasets[dataset].task.kind, settings.methods)


def figure_files(dataset, suffix):
    """Name a dataset's figures as files of one kind."""
    return [f"{RUN}/{dataset}/figures/{figure}.{suffix}" for figure in figures(dataset)]


for name, dataset in settings.datasets.items():

    rule:
        name:
            f"figures_{name}"
        input:
            projection=(
                for_each(rules.project.output, dataset=name)[0] if EMBEDDED else []
            ),
            comparison=for_each(rules.compare.output, dataset=name)[0],
            users=trials(name, EVALUATED["users"]),
            predictions=trials(name, PREDICTED["predictions"]),
            history=trials(name, rules.train.output.history),
            support=trials(name, EVALUATED["support"]),
            trainings=trials(name, rules.train.output.record),
        output:
            trials=[f"{RUN}/{name}/figures/trials/{m}-{s}.png" for m, s in TRIALS],
            csv=figure_files(name, "csv"),
            txt=figure_files(name, "txt"),
            svg=figure_files(name, "svg"),
            png=[
                report(
                    file,
                    caption="../report/figure.rst",
                    category=name,
                    subcategory="Figures",
                    labels={
                        "figure": figure.replace("_", " "),
                        "the paper's": plots()[figure].paper or "none",
                    },
                )
                for figure, file in zip(figures(name), figure_files(name, "png"))
            ],
        params:
            figures=figures(name),
            trials=TRIALS,
            code=code("figures", map(module_of, figures(name))),
        script:
            "../scripts/figures.py"


def settings_texts():
    """Render the settings of the run, its datasets and methods as YAML, by what they are of."""
    parts = {
        "run": settings.run.model_copy(update={"raw_dir": None})
    }  # a page may be passed on
    parts |= {f"dataset {name}": own for name, own in settings.datasets.items()}
    parts |= {f"method {name}": own for name, own in settings.methods.items()}
    parts |= {f"method {m} on {d}": own for (d, m), own in settings.on_dataset.items()}
    return {
        what: yaml.safe_dump(
            part.model_dump(mode="json", exclude_defaults=True),
            sort_keys=False,
            allow_unicode=True,
        )
        for what, part in parts.items()
    }


rule report:
    input:
        comparisons=for_each(rules.compare.output, dataset=list(settings.datasets)),
        data=for_each(rules.data_report.output.record, dataset=list(settings.datasets)),
        figures=[
            figure_files(name, suffix)
            for name in settings.datasets
            for suffix in ("csv", "png", "txt")
        ],
        evaluations=[
            trials(name, EVALUATED["evaluation"]) for name in settings.datasets
        ],
        trainings=[
            trials(name, rules.train.output.record) for name in settings.datasets
        ],
        paper=PAPER,
    output:
        report(f"{RUN}/report.html", caption="../report/report.rst", category="Run"),
    params:
        name=settings.run.name,
        sample=settings.run.logs == "sample",
        seeds=len(settings.run.seeds),
        settings=settings_texts(),
        datasets=[
            {
                "folder": HERE.format(dataset=name),
                "trials": trials(name, TRIAL),
                "figures": figures(name),
                "missing": missing(dataset.task.kind, settings.methods),
            }
            for name, dataset in settings.datasets.items()
        ],
        templates=templates("*.html", "*.css", "*.js"),
        code=code("report"),
    script:
        "../scripts/report.py"


TABLES = [
    *for_each(rules.tables.output, dataset=list(settings.datasets)),
    *rules.table_6.output,
]
FIGURES = [figure_files(n, s) for n in settings.datasets for s in ("png", "svg", "csv")]
DATA_REPORTS = for_each(rules.data_report.output.page, dataset=list(settings.datasets))
REPORT = rules.report.output[0]
