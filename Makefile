# What a developer and .ci/run call. `make test` is the README's second command.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Annoy compiles itself with -march=native, which crashes on another processor than the one that built it.
export ANNOY_COMPILER_ARGS ?= -D_CRT_SECURE_NO_WARNINGS,-DANNOYLIB_MULTITHREADED_BUILD,-O3,-std=c++14

.PHONY: test setup lint types layers unit robustness docs demo floors pythons clean

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
	$(BIN)/codespell
	$(BIN)/pydoclint --config pyproject.toml

types: setup
	$(BIN)/mypy

layers: setup
	$(BIN)/lint-imports

# Bytecode first, as pip writes it: tests start a thousand processes, each of which would compile the package anew where
# PYTHONDONTWRITEBYTECODE is set.
unit: setup
	$(BIN)/python -m compileall -q visrec_cli
	$(BIN)/pytest -n 2 --dist loadfile --durations 20

# Many more rounds of files that are wrong than the tests of every day go, and 500 processes that are killed instead of
# 40: some minutes each. A number beside each says how many rounds gave a result, a refusal, or a bug.
ROUNDS ?= 30
KILLS ?= 500
robustness: setup
	VISREC_MUTATIONS=$(ROUNDS) VISREC_KILLS=$(KILLS) $(BIN)/pytest -s --verbosity=1 tests/robustness

docs: setup
	$(BIN)/python -m tests.docs.reference
	$(BIN)/python -m tests.docs.errors
	$(BIN)/python -m tests.docs.recommenders
	$(BIN)/python -m tests.docs.metrics
	$(BIN)/python -m tests.docs.options

# A line through every verb with the oldest releases that pyproject.toml allows; extras, and Python 3.14, only resolve.
# Everything is made in a folder of its own and removed.
floors: setup
	@set -eu; place=$$(mktemp -d); trap 'rm -rf "$$place"' EXIT; \
	$(BIN)/uv venv --quiet --python $(PYTHON) "$$place/venv"; \
	$(BIN)/uv pip install --quiet --python "$$place/venv" --resolution lowest-direct .; \
	tests/smoke/every_verb.sh "$$place/venv/bin/visrec" "$$place/work"; \
	for python in 3.11 3.14; do \
	  $(BIN)/uv pip compile --quiet --resolution lowest-direct --python-version $$python --extra all pyproject.toml -o /dev/null; \
	  echo "the oldest releases of every extra resolve on Python $$python"; \
	done

# The same line on the other Pythons that are tested, with the newest releases. Where pyenv has them, name its versions:
# PYENV_VERSION=3.12.1:3.13.0 make pythons
PYTHONS ?= python3.12 python3.13
pythons: setup
	@set -eu; for python in $(PYTHONS); do \
	  place=$$(mktemp -d); trap 'rm -rf "$$place"' EXIT; \
	  $(BIN)/uv venv --quiet --no-python-downloads --python "$$(command -v $$python)" "$$place/venv"; \
	  $(BIN)/uv pip install --quiet --python "$$place/venv" .; \
	  tests/smoke/every_verb.sh "$$place/venv/bin/visrec" "$$place/work"; \
	  rm -rf "$$place"; echo "$$python: every verb works"; \
	done

demo: setup
	$(BIN)/visrec demo

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis visrec-demo
