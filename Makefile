# The `scoreline` command and the usual tools do the work; this file creates the environment and calls them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# if it is set, each of hundreds of processes compiles the same modules again
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo system test test-all ui portal metric-diff bench replay check docs doctor lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## run everything end to end against the sandbox, offline, with its mail (COMPANY=sales: the other invented company)
	@$(BIN)/scoreline demo $(if $(COMPANY),--company $(COMPANY))

ui: $(VENV)/.runtime ## open the Dagster UI on the same instance (http://127.0.0.1:3000)
	@$(BIN)/scoreline ui $(if $(COMPANY),--company $(COMPANY))

portal: $(VENV)/.runtime ## open the portal on what the demo or your runs have built (http://127.0.0.1:8600)
	@$(BIN)/scoreline portal $(if $(COMPANY),--company $(COMPANY))

doctor: $(VENV)/.runtime ## list what is connected and what is missing, per source
	@$(BIN)/scoreline doctor

test: system $(VENV)/.dev ## run the tests (installs chromium and postgresql if it may)
	@$(BIN)/python -m pytest -q $(BESIDE)

# one more than the two cores of CI, because tests wait for dbt, the sandbox or a browser
BESIDE := -n 3 --dist loadscope --no-loadscope-reorder

PACKAGES := chromium chromium-driver postgresql
APT := apt-get install -y -q --no-install-recommends $(PACKAGES)

system:
	@if command -v chromedriver >/dev/null && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then echo "The tests need: $(PACKAGES). Install them with this system's package manager."; exit 1; fi; \
	if [ "$$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as=sudo; else echo "The tests need a browser and Postgres: sudo $(APT)"; exit 1; fi; \
	echo "Installing $(PACKAGES)"; $$as apt-get update -q >/dev/null && $$as $(APT) >/dev/null

test-all: system $(VENV)/.dev ## run every test except the live ones; takes about twice as long
	@$(BIN)/python -m pytest -q $(BESIDE) -m 'not live'

check: $(VENV)/.dev ## run what CI checks besides the tests: style, types, SQL, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --nocolor -p 0 dbt_project
	DAGSTER_HOME= $(BIN)/python -W ignore -m dagster definitions validate -w workspace.yaml --log-level warning
	$(BIN)/python -m pip check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -q --strict
	$(BIN)/pip-licenses --summary

docs: $(VENV)/.dev ## serve the docs at http://127.0.0.1:8000 and rebuild them as you edit
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

metric-diff: $(VENV)/.runtime ## list the numbers that this branch changes, on the raw data of var/ or of the demo (BASE=<revision>)
	@$(BIN)/scoreline metric-diff $(if $(BASE),--base $(BASE))

bench: $(VENV)/.dev ## measure loads, builds, refreshes, companies, the lake and the portal beside what they cannot do without (forty minutes)
	@$(BIN)/python -m benchmarks.costs

replay: $(VENV)/.dev ## load and build 90 days of deals and calls, and list every restatement with its cause
	@$(BIN)/python -m benchmarks.replay

# for every Python that pyproject.toml allows, with every extra
COMPILE := uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml \
	--extra build --extra sandbox --extra bigquery --extra portal --extra pdf --extra mcp --extra lake

lock: $(VENV)/.dev ## lock pyproject.toml into the two lock files, with hashes (UPGRADE=1: the newest versions)
	$(BIN)/$(COMPILE) $(if $(UPGRADE),--upgrade) -o requirements.lock
	$(BIN)/$(COMPILE) $(if $(UPGRADE),--upgrade) --extra dev -c requirements.lock -o requirements-dev.lock

clean: ## delete what runs made, the warehouse included
	rm -rf var dbt_project/target dbt_project/logs

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Scoreline needs Python 3.11 to 3.13: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV)

# The locks are complete, so nothing is resolved: what they name is installed, by hash. uv takes seconds where it is installed; it
# also removes what a lock no longer names (this project too, so it is added again each time). Neither compiles what it installs: most
# of it is never imported.
ifneq ($(shell command -v uv),)
INSTALL := uv pip sync -q --python $(BIN)/python --require-hashes
EDITABLE := uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
else
INSTALL := $(BIN)/python -m pip install -q --disable-pip-version-check --no-compile --no-deps --require-hashes -r
EDITABLE := $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
endif

PROJECT := requirements.lock pyproject.toml setup.py foundation/__init__.py

$(VENV)/.runtime: $(PROJECT) | $(VENV)/bin/python
	@echo "Installing the pinned requirements into $(VENV) (once, about a minute)"
	@$(INSTALL) requirements.lock
	@$(EDITABLE)
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(PROJECT) | $(VENV)/bin/python
	@echo "Installing the pinned requirements and tools into $(VENV) (once, about a minute)"
	@$(INSTALL) requirements-dev.lock # names all of requirements.lock too
	@$(EDITABLE)
	@touch $(VENV)/.runtime $@
