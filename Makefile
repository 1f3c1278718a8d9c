# make run      the tour: every shipped model on its sample, against its budget (runtime packages only)
# make test     format, lint, types, layers, tests
# make verify   the long checks, on real data where there is any
# make docs     the documentation as a site, in .cache/site
# make clean    take .venv and the caches away

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check

.PHONY: run test verify docs clean

run: .venv/runtime.stamp
	@$(BIN)/tightrope tour

test: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not verify"

verify: .venv/dev.stamp
	$(BIN)/pytest -m verify

docs: .venv/dev.stamp
	$(BIN)/mkdocs build --strict

clean:
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

# Each stamp stands for one `pip install`, which is repeated only when pyproject.toml has changed.
.venv/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "tightrope needs Python 3.10 or newer; say PYTHON=...")'
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/runtime.stamp: pyproject.toml .venv/made.stamp
	@echo "installing the runtime into .venv"
	@$(PIP) install --editable .
	@touch $@

.venv/dev.stamp: pyproject.toml .venv/made.stamp
	@echo "installing everything for development into .venv (torch is large)"
	@$(PIP) install --editable '.[dev]'
	@touch $@ .venv/runtime.stamp
