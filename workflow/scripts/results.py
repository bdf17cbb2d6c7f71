"""Write the text about finished runs."""

from pathlib import Path

from snakemake.iocontainers import Snakemake

from pipeline_lib.reporting.results.page import Lookup, render_results
from pipeline_lib.reporting.results.runs import read_runs
from pipeline_lib.storage import write_text

snakemake: Snakemake

template, out = Path(snakemake.input.template), snakemake.output
runs = read_runs(Path("results"), snakemake.params.runs)
text = render_results(template.read_text(encoding="utf-8"), Lookup(runs, Path(out.images)))
write_text(text, Path(out.text))
