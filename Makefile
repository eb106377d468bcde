# `make demo` and `make test` set everything up by themselves, once.
# A name such as python3.13 can exist and not run (a version manager's shim), so each candidate is tried.
RUNS = import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	if $$p -c '$(RUNS)' >/dev/null 2>&1; then echo $$p; break; fi; done)
BIN := .venv/bin
# The demo needs no optional package, so it does not wait for them.
BASE := .venv/.base
READY := .venv/.ready

.PHONY: setup demo test test-slow fuzz bench docs lint format clean

setup: $(READY)

$(BASE): pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: found no Python 3.11, 3.12 or 3.13 with venv on the PATH"; exit 1; }
	@test -x $(BIN)/python || { echo "using $$($(PYTHON) --version)"; $(PYTHON) -m venv .venv; }
	$(BIN)/python -m pip install -qq --upgrade pip
	$(BIN)/python -m pip install -qq -e .
	@touch $@

$(READY): $(BASE)
	$(BIN)/python -m pip install -qq -e '.[all,dev]'
	@touch $@

# About half the steps of the recipe, so that the table stands within minutes.
demo: $(BASE)
	$(BIN)/xmodal train lidar_to_rgb_street --set schedule.steps=800 --out runs/demo --resume

test: $(READY)
	$(BIN)/python -m pytest

test-slow: $(READY)
	$(BIN)/python -m pytest -m 'slow and not gpu'

# Each format in a process of its own with 2 GiB to spare; make fuzz COUNT=300 FORMATS="lidar audio.wav" is a shorter one.
COUNT ?= 10000
FORMATS ?=
fuzz: $(READY)
	PYTHONPATH=tests $(BIN)/python -m fuzzing --count $(COUNT) --formats $(FORMATS)

# Ratios measured in one run each; nothing is compared with numbers of another machine or day.
BENCHES := attention vocabulary relational store stored step importing growth lidar readers
RESULTS := results/speed
bench: $(READY)
	$(BIN)/python -m pip install -qq -e '.[bench]'
	for name in $(BENCHES); do \
		$(BIN)/python -m xmodal.benchmarks.speed.$$name --json $(RESULTS)/$$name.json || exit 1; \
	done
	$(BIN)/python -m xmodal.benchmarks.speed.page --results $(RESULTS) --page docs/speed.md

# The tables in docs/ of what the code holds; a test compares them.
docs: $(BASE)
	for kind in losses distillers balance; do \
		$(BIN)/xmodal list $$kind --markdown > docs/.table && \
		{ sed '/^|/,$$d' docs/$$kind.md; cat docs/.table; } > docs/.page && mv docs/.page docs/$$kind.md; \
	done; rm -f docs/.table

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
