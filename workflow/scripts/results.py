"""Write the text about finished runs."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.jobs.log import start_log
from pipeline_lib.reporting.paper import load_paper_results
from pipeline_lib.reporting.results.page import render_results
from pipeline_lib.reporting.results.runs import read_runs
from pipeline_lib.storage.tables import write_text

snakemake: Snakemake

start_log(snakemake.log[0], snakemake.rule, *snakemake.wildcards)
template, images = Path(snakemake.input.template), Path(snakemake.output.images)
images.mkdir(parents=True, exist_ok=True)
runs = read_runs(Path("results"), snakemake.params.runs)
paper = load_paper_results(Path(snakemake.input.paper))
text = render_results(template.read_text(encoding="utf-8"), runs, paper, images)
write_text(text, Path(snakemake.output.text))
