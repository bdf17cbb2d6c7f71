"""Write the leaderboard from its entries."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.log import start_log
from pipeline_lib.reporting.leaderboard.check import read_entries
from pipeline_lib.reporting.leaderboard.page import render_page
from pipeline_lib.storage.tables import write_text

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
entries = read_entries([*map(Path, snakemake.input)])
write_text(render_page(entries), Path(snakemake.output[0]))
