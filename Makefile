# Every target sets up .venv first when that is missing or out of date.
PYTHON ?= python3
BIN := .venv/bin
# What runs the workflow, and what tests and checks it besides.
READY := .venv/ready
TOOLS := .venv/tools
CORES ?= 2
PORT ?= 5000

pip_install = $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--constraint constraints.txt
install = $(pip_install) --build-constraint constraints.txt --editable '.[$(1)]'

.PHONY: demo test lint bench schemas ui sync-tracking lock

# Bars show what runs; jobs log to their files alone, and the report is named once, at the end.
demo: export PIPELINE_QUIET = 1
demo: $(READY)
	$(BIN)/snakemake all --cores $(CORES) --logger rich
	@for table in results/sample/*/tables/table2.md; do echo; cat $$table; done
	@echo
	@echo "The report, to be opened in a browser, has these tables, all others and the figures:"
	@echo "file://$(CURDIR)/results/sample/report.html"

# Bytecode is written even where a shell says otherwise: tests start hundreds of processes.
test: export PYTHONDONTWRITEBYTECODE =
test: $(TOOLS)
	$(BIN)/pytest -n $(CORES) --dist loadfile --no-loadscope-reorder $(PYTEST)

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
	$(pip_install) pip
	$(call install,cluster)
	touch $@

$(TOOLS): $(READY)
	$(call install,dev)
	touch $@
