# Everything that one does with this repository. A bare `make` lists the targets.

PYTHON ?= python3
PORT ?= 8000
VAR ?= var
SEED ?=
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help

.PHONY: help
help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(VENV)/run  ## Prepare this machine: the environment in .venv, RabbitMQ, MongoDB

.PHONY: run
run: $(VENV)/run  ## Run a federation of three nodes on this machine; PORT=8000 is its first port
	@$(BIN)/python -m deploy.federation_demo --var $(VAR) --port $(PORT)

.PHONY: test
test: $(VENV)/dev  ## Run all tests, in two processes; WORKERS=1 takes one
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: check
check: $(VENV)/dev  ## Check style, types and import arrows, as CI does
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: sim
sim: $(VENV)/dev  ## Replay one simulated schedule: make sim SEED=42
	$(BIN)/python -m tests.simulation --seed $(or $(SEED),$(error which schedule? make sim SEED=42))

.PHONY: bench
bench: $(VENV)/dev  ## Measure replication, search and GraphQL on this machine
	$(BIN)/python -m bench

.PHONY: limits
limits: $(VENV)/dev  ## Write docs/limits.md from the code
	$(BIN)/python -m tests.architecture.limits

.PHONY: clean
clean:  ## Delete the environment and the demo federation with its data
	rm -rf $(VENV) $(VAR) build *.egg-info

$(VENV)/run: pyproject.toml deploy/prepare.sh
	@PYTHON=$(PYTHON) VENV=$(VENV) deploy/prepare.sh .
	@touch $@

$(VENV)/dev: pyproject.toml deploy/prepare.sh
	@PYTHON=$(PYTHON) VENV=$(VENV) deploy/prepare.sh '.[dev]'
	@touch $@ $(VENV)/run
