# What people read.
import os
from hashlib import sha256

from pipeline_lib.provenance import ROOT

FORMATS = ("csv", "md", "tex")
PAPER = os.path.relpath(f"{workflow.basedir}/workflow/resources/paper_figures.yaml")


def template(name):
    """Digest a page's template, so that a change of it runs the rule again."""
    file = ROOT / "pipeline_lib/reporting/templates" / name
    return sha256(file.read_bytes()).hexdigest()[:16]


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
        page=f"{HERE}/data_report.html",
    params:
        title=lambda w: settings.datasets[w.dataset].title,
        licence=lambda w: settings.datasets[w.dataset].licence,
        sample=settings.run.logs == "sample",
        settings=lambda w: settings.datasets[w.dataset].log_settings(),
        partition=lambda w: settings.datasets[w.dataset].partition.model_dump(
            mode="json"
        ),
        template=template("data_report.html"),
        code=code("data_report"),
    script:
        "../scripts/data_report.py"


rule tables:
    input:
        comparison=rules.compare.output[0],
        report=rules.data_report.output.record,
        paper=PAPER,
    output:
        table1=expand(
            f"{HERE}/tables/table1.{{format}}", format=FORMATS, allow_missing=True
        ),
        table2=expand(
            f"{HERE}/tables/table2.{{format}}", format=FORMATS, allow_missing=True
        ),
        table4=expand(
            f"{HERE}/tables/table4.{{format}}", format=FORMATS, allow_missing=True
        ),
    params:
        code=code("tables"),
    script:
        "../scripts/tables.py"


rule table_6:
    input:
        reports=expand(rules.data_report.output.record, dataset=list(settings.datasets)),
        paper=PAPER,
    output:
        expand(f"{RUN}/tables/table6.{{format}}", format=FORMATS),
    params:
        code=code("table_6"),
    script:
        "../scripts/table_6.py"


TABLES = [
    *expand(
        [
            *rules.tables.output.table1,
            *rules.tables.output.table2,
            *rules.tables.output.table4,
        ],
        dataset=list(settings.datasets),
    ),
    *rules.table_6.output,
]
REPORTS = expand(rules.data_report.output.page, dataset=list(settings.datasets))
