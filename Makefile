# make demo   set everything up, then gather, embed, learn and report the sample and open the app
# make test   set everything up, then check and test everything
# make web    build the pages again after a change in web/
# make clean  remove what these made

PYTHON ?= python3
VENV   := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
DEMO_FLAGS ?=

.PHONY: demo test check pytest web web-test install dev clean

demo: install
	$(BIN)/impasto demo $(DEMO_FLAGS)

test: check web-test pytest

install: $(VENV)/.installed
dev: $(VENV)/.installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(0 if sys.version_info >= (3, 11) else f"impasto needs Python 3.11 or newer, and $(PYTHON) is {v}. Say which to use: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt hatch_build.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt hatch_build.py | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[demo,heic,text,test]'
	@touch $@ $(VENV)/.installed

check: dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/codespell README.md CONTRIBUTING.md CHANGELOG.md docs src tests benchmarks web/src

web: install
	$(BIN)/python hatch_build.py

web-test: dev
	$(BIN)/python hatch_build.py test

pytest: dev
	$(BIN)/python tests/set_up_browser.py
	$(BIN)/pytest --quiet --doctest-modules --import-mode=prepend src/impasto
	$(BIN)/pytest -n 2 --dist loadfile

clean:
	rm -rf $(VENV) web/node_modules src/impasto/serve/static dist
