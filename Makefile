# What a developer and .ci/run call. `make test` is the README's second command.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Annoy compiles itself with -march=native, which crashes on another processor than the one that built it.
export ANNOY_COMPILER_ARGS ?= -D_CRT_SECURE_NO_WARNINGS,-DANNOYLIB_MULTITHREADED_BUILD,-O3,-std=c++14

.PHONY: test setup lint types layers unit docs demo clean

test: setup lint types layers unit

setup: $(BIN)/visrec

$(BIN)/visrec: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/lint-imports

# Bytecode first, as pip writes it: tests start a thousand processes, each of which would compile the package anew where
# PYTHONDONTWRITEBYTECODE is set.
unit: setup
	$(BIN)/python -m compileall -q visrec_cli
	$(BIN)/pytest -n 2 --dist loadfile

docs: setup
	$(BIN)/python -m tests.docs.reference
	$(BIN)/python -m tests.docs.errors
	$(BIN)/python -m tests.docs.recommenders
	$(BIN)/python -m tests.docs.metrics

demo: setup
	$(BIN)/visrec demo

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis visrec-demo
