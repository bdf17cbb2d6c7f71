# Every target sets up .venv first when that is missing or out of date.
PYTHON ?= python3
BIN := .venv/bin
# What runs the workflow, and what tests and checks it besides.
READY := .venv/ready
TOOLS := .venv/tools
CORES ?= 2
PORT ?= 5000

install = $(BIN)/python -m pip install --quiet --constraint constraints.txt \
	--build-constraint constraints.txt --editable '.[$(1)]'

.PHONY: demo test lint bench schemas ui sync-tracking lock

demo: $(READY)
	$(BIN)/snakemake all --cores $(CORES) --quiet rules
	@cat results/sample/*/tables/table2.md results/sample/tables/table6.md
	@echo
	@echo "These tables and others, also as CSV and LaTeX, and the figures are in:"
	@ls -d $(CURDIR)/results/sample/*/tables $(CURDIR)/results/sample/*/figures
	@echo "The report, to be opened in a browser, has all of them on one page:"
	@ls $(CURDIR)/results/sample/report.html

test: $(TOOLS)
	$(BIN)/pytest -n $(CORES) --dist loadfile $(PYTEST)

lint: $(TOOLS)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy

bench: $(TOOLS)
	$(BIN)/python -m tests.benchmarks.step
	$(BIN)/python -m tests.benchmarks.scale
	$(BIN)/python -m tests.benchmarks.scale --million
	$(BIN)/python -m tests.benchmarks.search
	$(BIN)/python -m tests.benchmarks.logs
	$(BIN)/python -m tests.benchmarks.serving
	$(BIN)/python -m tests.benchmarks.shards
	$(BIN)/python -m tests.benchmarks.orchestration

schemas: $(READY)
	$(BIN)/python -m pipeline_lib.settings.json_schema

ui: $(READY)
	$(BIN)/python -m pipeline_lib ui --port $(PORT)

sync-tracking: $(READY)
	$(BIN)/python -m pipeline_lib sync-tracking

# Rewrite constraints.txt from what .venv holds: names and versions, no local labels, no addresses.
lock: $(TOOLS)
	$(BIN)/pip freeze --exclude-editable --all | sed 's/+cpu$$//' | LC_ALL=C sort -f > constraints.txt

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than 3.11; name another: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip
	$(call install,cluster)
	touch $@

$(TOOLS): $(READY)
	$(call install,dev)
	touch $@
