PY ?= python3
# what a customer installs, and beside it the test tools, which see it and are not seen by it
VENV := .venv
TESTS := .venv-test
BIN := $(VENV)/bin
TOOLS := $(TESTS)/bin
# and beside these the cluster that some tests need: 430 MB
SPARK := .venv-spark
LOCKED := $(VENV)/.locked
READY := $(VENV)/.ready
TESTED := $(TESTS)/.ready
CLUSTER := $(SPARK)/.ready
INSTALL := -m pip install -q --disable-pip-version-check
SITE := import sys, sysconfig; site = sysconfig.get_path("purelib")
PORT ?= 8501
# test workers: one more than cores, as some always wait for a browser or a child; four at most; 0 runs the tests in one
# process
WORKERS ?= $(shell $(PY) -c 'import os; print(min(4, 1 + (os.cpu_count() or 1)))')
# a server or command that a test starts reads the package compiled, as an installation does
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install run demo test test-install test-spark java bench-spark bench bench-load bench-many bench-kill bench-kill-messages bench-detection bench-decisions bench-signals bench-pages bench-words bench-push bench-visitors bench-backup bench-fuzz bench-mutants bench-random system suite lint types lock notices reference clean

help:  ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(LOCKED): requirements.lock
	@$(PY) -c 'import sys; sys.exit("Plumbline needs Python 3.11 or newer; try: make PY=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PY) -m venv --clear $(VENV) || { echo "Python cannot make a virtual environment here. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip uninstall -qq -y setuptools
	$(BIN)/python $(INSTALL) --require-hashes -r requirements.lock
	@touch $@

$(READY): $(LOCKED) pyproject.toml
	$(BIN)/python $(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(TESTED): $(LOCKED) requirements-test.lock | $(READY)
	@$(BIN)/python -m venv --clear $(TESTS)
	@$(TOOLS)/python -c '$(SITE); open(f"{site}/product.pth", "w").write(f"import site; site.addsitedir({sys.argv[1]!r})\n")' \
	  "$$($(BIN)/python -c '$(SITE); print(site)')"
	$(TOOLS)/python $(INSTALL) --no-deps --require-hashes -r requirements-test.lock
	@touch $@

$(CLUSTER): $(TESTED) requirements-spark.lock
	@$(BIN)/python -m venv --clear $(SPARK)
	@$(SPARK)/bin/python -c '$(SITE); open(f"{site}/tests.pth", "w").write("".join(f"import site; site.addsitedir({p!r})\n" for p in sys.argv[1:]))' \
	  "$$($(TOOLS)/python -c '$(SITE); print(site)')"
	$(SPARK)/bin/python $(INSTALL) --no-deps --require-hashes -r requirements-spark.lock
	@touch $@

install: $(READY)  ## create the environment from the lock file

demo: $(READY)  ## write and load the seven demo systems
	$(BIN)/plumbline demo

run: $(READY)  ## load the demo and start the app
	$(BIN)/plumbline serve --demo --port $(PORT)

# the checker of types takes a minute of one core: beside the tests, not before them
test: $(TESTED) system lint  ## all checks and tests, real-browser journeys included
	@$(MAKE) --no-print-directory -j2 types suite

suite: $(TESTED)
	TMPDIR="$$($(PY) -m tests.environment.scratch)" $(TOOLS)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-install: $(TESTED)  ## the wheel with its dependencies by pip, pipx and uv, where they are there, and its first pages
	$(TOOLS)/python -m pytest tests/browser/test_install.py -m install -s

test-spark: $(CLUSTER) java  ## decisions that stay in a Spark cluster, against a real one on this machine
	SPARK_NEEDED=1 $(SPARK)/bin/python -m pytest tests/cluster -m spark -s

bench-spark: $(CLUSTER) java  ## counting in Spark on one and two cores against its bare scan and DuckDB's load, 1M and 10M rows
	SPARK_NEEDED=1 $(SPARK)/bin/python -m pytest tests/bench/test_spark.py -m bench -s

bench: bench-load bench-kill bench-explain bench-detection bench-decisions bench-signals bench-pages  ## all benchmarks: ratios against peers in one run

bench-load: $(TESTED)  ## a load against DuckDB's bare CREATE TABLE AS and pandas, 1M and 10M rows
	$(TOOLS)/python -m pytest tests/bench/test_load.py -m bench -s

bench-many: $(TESTED)  ## a load of a thousand versions and of two thousand features: seconds and peak memory
	$(TOOLS)/python -m pytest tests/bench/test_many.py -m bench -s

bench-detection: $(TESTED)  ## changes found, delays and false alarms over 180 logs and over logs as companies have them; peers where their environments are named
	$(TOOLS)/python -m tests.bench.detection.run --out data/detection
	OMP_NUM_THREADS=1 $(TOOLS)/python -m tests.bench.detection.sweep --out data/detection/realistic --workers 2
	OMP_NUM_THREADS=1 $(TOOLS)/python -m tests.bench.detection.peers --out data/detection/peers --first 100 --seeds 2

bench-explain: $(TESTED)  ## every decision's attributions beside LightGBM's own routine, and one of a large table
	$(TOOLS)/python -m pytest tests/bench/test_explain.py -m bench -s

bench-kill-messages: $(TESTED)  ## two hundred kills while messages are sent: each arrives, under one id
	$(TOOLS)/python -m tests.bench.respond.kills 200 $(KEPT)

bench-kill: $(TESTED)  ## fifty loads killed at random moments, the workspace verified after each
	$(TOOLS)/python -m pytest tests/logs/test_crash.py -m bench -s

bench-decisions: $(TESTED)  ## pages of a log of 1M decisions, and one decision found, against a bare scan
	$(TOOLS)/python -m pytest tests/bench/test_decisions.py -m bench -s

bench-signals: $(TESTED)  ## all signals of 1M and 10M rows against a raw scan; peers where their environments are named
	$(TOOLS)/python -m pytest tests/bench/test_signals.py -m bench -s

bench-mutants: $(TESTED)  ## a hundred small faults, and how many the tests of monitor, explain and profile notice; stopped, it goes on
	$(TOOLS)/python -m tests.bench.mutants.run

bench-random: $(TESTED)  ## the property tests of files and tables with fifty times as many random cases
	PLUMBLINE_EXAMPLES=50 $(TOOLS)/python -m pytest -n $(WORKERS) --timeout 3600 $$(grep -rl 'examples(' tests --include='test_*.py')

bench-pages: $(TESTED)  ## server time of every page, first and again, over 1M and 10M rows
	$(TOOLS)/python -m pytest tests/bench/test_pages.py -m bench -s

bench-words: $(TESTED)  ## words on the first screen of every Scorecard, at three widths
	$(TOOLS)/python -m pytest tests/bench/test_words.py -m bench -s

bench-push: $(TESTED)  ## rows and requests a second over HTTP, also while pages are read, and kills meanwhile
	$(TOOLS)/python -m pytest tests/bench/test_push.py -m bench -s

# a workspace with logs, and a log to load beside the visitors, with the options of its load
VISITED ?= data/workspace.duckdb
bench-visitors: $(TESTED)  ## processor time of each page again and again, and fifty people who click every ten seconds
	$(TOOLS)/python -m tests.bench.visitors $(VISITED) pages
	$(TOOLS)/python -m tests.bench.visitors $(VISITED) 50 120 $(BESIDE)

bench-backup: $(TESTED)  ## backup, restore, rehearsal and verify over 1M and 10M rows
	$(TOOLS)/python -m pytest tests/bench/test_backup.py -m bench -s

FUZZED ?= 10000
FUZZED_MODELS ?= 2000
SEED ?= 1
bench-fuzz: $(TESTED)  ## broken logs and model files drawn by SEED: loaded rightly or refused in one sentence
	$(TOOLS)/python -m tests.bench.fuzz.files data/fuzz $(FUZZED) $(SEED)
	$(TOOLS)/python -m tests.bench.fuzz.models data/fuzz $(FUZZED_MODELS) $(SEED)

lint: $(TESTED)  ## style and import rules
	$(TOOLS)/ruff check .
	$(TOOLS)/ruff format --check .
	$(TOOLS)/lint-imports --no-cache

types: $(TESTED)  ## mypy --strict on lib
	$(TOOLS)/mypy

# name; a command that succeeds where it is there; the Debian package; how else to get it
define need
@{ $(2); } >/dev/null 2>&1 || { \
  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq $(3); } \
    || echo "$(1) could not be installed: the tests that need it will say so."; \
  else echo "Some tests need $(1), which is missing: apt install $(3), $(4)."; fi; }
endef
CHROMIUM := test -n "$$PLUMBLINE_CHROMIUM" || command -v chromium || command -v chromium-browser || command -v google-chrome
POSTGRES := command -v postgres || ls /usr/lib/postgresql/*/bin/postgres || ls /usr/pgsql-*/bin/postgres
MARIADB := command -v mariadbd || ls /usr/sbin/mariadbd || ls /usr/local/sbin/mariadbd

java:  ## what Spark runs on
	$(call need,Java,command -v java || test -x "$$JAVA_HOME/bin/java",default-jre-headless,dnf install java-17-openjdk-headless or brew install openjdk@17)

system:  ## programs that some tests need and pip cannot install: Chromium, PostgreSQL, MariaDB
	$(call need,Chromium,$(CHROMIUM),chromium,dnf install chromium or brew install --cask chromium; or set PLUMBLINE_CHROMIUM to its path)
	$(call need,PostgreSQL,$(POSTGRES),postgresql,dnf install postgresql-server or brew install postgresql)
	$(call need,MariaDB,$(MARIADB),mariadb-server,dnf install mariadb-server or brew install mariadb)

LOCK := uv pip compile -q pyproject.toml --extra all --group build --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
BOTH := data/both.lock
ALL := data/all.lock
lock:  ## renew the three lock files: the app's, what the tests have beyond it, and what a Spark cluster needs (needs uv)
	cat requirements.lock requirements-test.lock > $(BOTH)
	$(LOCK) --group test -o $(BOTH)
	$(LOCK) -c $(BOTH) -o requirements.lock
	$(PY) -m tests.environment.locks requirements.lock $(BOTH) requirements-test.lock
	cat $(BOTH) requirements-spark.lock > $(ALL)
	$(LOCK) -c $(BOTH) --group test --group spark -o $(ALL)
	$(PY) -m tests.environment.locks $(BOTH) $(ALL) requirements-spark.lock
	@rm $(BOTH) $(ALL)

notices: $(READY)  ## renew the list of third-party notices after `make lock`
	$(BIN)/python -m tests.environment.notices requirements.lock docs/third-party-notices.md

reference: $(TESTED)  ## renew the pages of docs/ that are made from commands, metrics, controls and settings
	$(TOOLS)/python -m tests.environment.reference

clean:  ## remove the environments and the demo workspace
	rm -rf $(VENV) $(TESTS) $(SPARK) data/workspace.duckdb* data/demo
