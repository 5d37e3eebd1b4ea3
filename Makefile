# Everything a developer or newcomer runs. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements.lock
ARGS ?=
# One more than the cores: tests wait for servers, processes and clocks about as long as they compute.
WORKERS ?= $(shell echo $$((1 + $$(nproc 2>/dev/null || echo 2))))

.DEFAULT_GOAL := help
.PHONY: help install demo test check format bench chaos docs clean services lock

help:  ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */\1|/' | awk -F'|' '{printf "  make %-9s %s\n", $$1, $$2}'

$(VENV)/core.done: pyproject.toml $(LOCK)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Folkmoot needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.11 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "No venv module; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c $(LOCK) -e .
	@touch $@

$(VENV)/dev.done: $(VENV)/core.done
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c $(LOCK) -e '.[dev]'
	@touch $@

install: $(VENV)/dev.done  ## make .venv with everything developers need, and .venv/bin/folkmoot

demo: $(VENV)/core.done  ## build the acme twins, share out their tasks, keep serving (ARGS=--exit to end)
	$(BIN)/folkmoot demo $(ARGS)

services:
	@sh tools/install_services.sh

test: install services  ## run every test, with real Redis, PostgreSQL and Chromium (ARGS=... for pytest)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: install  ## format, lint, types, import contracts, sizes
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/sizes.py

format: install  ## put the code into form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install  ## measure, as ratios to a raw limit or a peer in the same run (JSON and a table)
	$(BIN)/python -m benchmarks $(ARGS)

chaos: install services  ## kill producers, consumers and Redis, count what is lost (CHAOS=full, SEED=..., CHAOS_PEERS=1)
	$(BIN)/python -m chaos $(ARGS)

docs: install  ## build the documentation into site/
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check -c $(LOCK) -e '.[docs]'
	$(BIN)/python tools/reference.py
	$(BIN)/mkdocs build --strict --quiet

lock: install  ## resolve the pinned versions anew
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --extra docs --extra postgres --extra otel --extra oidc --extra qdrant --extra anthropic --extra google --no-header --no-annotate --no-emit-index-url -o $(LOCK) pyproject.toml

clean:  ## remove what was built; data in FOLKMOOT_HOME stays
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache benchmarks/results chaos/results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
