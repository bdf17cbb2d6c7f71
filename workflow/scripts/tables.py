"""Write the paper's Tables 1, 2 and 4 with our figures, the paper's beside or beneath them."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.comparison import Comparison
from pipeline_lib.reporting.data_report.record import DataReport
from pipeline_lib.reporting.paper import load_paper_figures
from pipeline_lib.reporting.render import write_table_files
from pipeline_lib.reporting.table_1 import table_1
from pipeline_lib.reporting.tables import table_2, table_4
from pipeline_lib.storage import read_json

snakemake: Snakemake

comparison = read_json(Path(snakemake.input.comparison), Comparison)
report = read_json(Path(snakemake.input.report), DataReport)
paper = load_paper_figures(Path(snakemake.input.paper))
for table, files in (
    (table_1(report, comparison, paper), snakemake.output.table1),
    (table_2(comparison, paper), snakemake.output.table2),
    (table_4(comparison, paper), snakemake.output.table4),
):
    write_table_files(table, Path(files[0]).with_suffix(""))
