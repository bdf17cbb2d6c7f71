# What people read.
import os

FORMATS = ("csv", "md", "tex")


rule tables:
    input:
        comparison=rules.compare.output[0],
        paper=os.path.relpath(
            f"{workflow.basedir}/workflow/resources/paper_figures.yaml"
        ),
    output:
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


TABLES = expand(
    [*rules.tables.output.table2, *rules.tables.output.table4],
    dataset=list(settings.datasets),
)
