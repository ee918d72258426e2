# Two commands matter: `make demo` and `make test`. Everything else is a part of them.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test check lint types contracts unit test-clients bench wheel clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(STAMP)  ## make sample scenes, register them, serve them on 127.0.0.1
	@$(BIN)/cogmill demo $(OPTIONS)

check: lint types contracts  ## lint, types and import contracts

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

# Kernels first: two test processes would each compile all of them, inside their tests' time limits.
# Many tests start servers: bytecode is kept for them, whatever the environment says.
unit: $(STAMP)
	$(BIN)/python -m engine.run.warm
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -m "not client" -n 2 --dist loadscope

test: check unit  ## everything but the big clients; at most 10 minutes on 2 cores

test-clients: $(STAMP)  ## the real clients, each in an environment of its own
	$(BIN)/pytest -m client --timeout 1800

bench: $(STAMP)  ## side by side with the peers, in one run
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m benchmarks.against_peers

wheel: $(STAMP)  ## build the wheel into dist/
	$(BIN)/python -m build --wheel

clean:  ## remove everything that was made here
	rm -rf $(VENV) dist build cogmill-demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf api/web/static api/web/source/node_modules
