PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTED := $(VENV)/.ready-to-test
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check
PORT ?= 8501

.PHONY: help install run demo test browser lint types lock clean

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): requirements.lock pyproject.toml
	@$(PY) -c 'import sys; sys.exit("Plumbline needs Python 3.11 or newer; try: make PY=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PY) -m venv $(VENV) || { echo "Python cannot make a virtual environment here. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(TESTED): $(READY) requirements-test.lock
	$(PIP) --require-hashes -r requirements-test.lock
	@touch $@

install: $(READY)  ## create the environment from the lock file

demo: $(READY)  ## write and load the seven demo systems
	$(BIN)/plumbline demo

run: demo  ## load the demo and open the app
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(TESTED) browser lint types  ## all checks and tests, real-browser journeys included
	$(BIN)/python -m pytest

lint: $(TESTED)  ## style and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(TESTED)  ## mypy --strict on lib
	$(BIN)/mypy

browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || test -n "$$PLUMBLINE_CHROMIUM" || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -q && apt-get install -yq chromium || echo "Chromium could not be installed: the browser tests will say so."; \
	  else echo "Browser tests need Chromium: apt install chromium, dnf install chromium, or brew install --cask chromium; or set PLUMBLINE_CHROMIUM to its path."; fi; }

LOCK := uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
lock:  ## renew the two lock files, the app's and the tests' (needs uv)
	$(LOCK) --group test -o requirements-test.lock
	$(LOCK) -c requirements-test.lock -o requirements.lock

clean:  ## remove the environment and the demo workspace
	rm -rf $(VENV) data/workspace.duckdb* data/demo
