# seethink from a clean machine: Python 3.11 or newer, make and git are enough.

PYTHON ?= python3
SEED ?=
VENV := .venv
RECIPE := recipes/quickstart/config.yaml
OUT := runs/quickstart
PYTEST_ARGS := --durations=5

# What the lock is resolved around: a bare torch range would take the newest one and its CUDA packages.
TORCH := torch==2.13.0

# `make study SEED=n` lays this over the recipe.
STUDY_OVERRIDES = $(if $(SEED),heldout.seed=$(SEED) evaluation.seed=$(SEED))

# Two torch processes that each want every core slow each other forty-fold; two threads suit the smallest machine.
OMP_NUM_THREADS ?= 2
export OMP_NUM_THREADS

# glibc hands large freed blocks back to the system and asks for them again at every training step. Keeping them makes
# training on a CPU about 30 % faster. Other C libraries ignore these variables.
MALLOC_MMAP_THRESHOLD_ ?= 4294967296
MALLOC_TRIM_THRESHOLD_ ?= 8589934592
MALLOC_TOP_PAD_ ?= 268435456
export MALLOC_MMAP_THRESHOLD_ MALLOC_TRIM_THRESHOLD_ MALLOC_TOP_PAD_

# Everything the study and the tests need is in the repository: nothing may be fetched behind the reader's back.
HF_HUB_OFFLINE ?= 1
TOKENIZERS_PARALLELISM ?= false
export HF_HUB_OFFLINE TOKENIZERS_PARALLELISM

BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP_INSTALL := -m pip install -qq --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help install study test test-all check lock clean

help: ## Say what each target does.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## Make .venv and install the locked packages and seethink in it.

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "seethink needs Python 3.11 or newer and '$(PYTHON)' is not: install one and name it," \
	       "for example 'make install PYTHON=python3.11'." >&2; exit 1; }
	@echo "Installing the locked packages into $(VENV) (some minutes the first time) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python $(PIP_INSTALL) -r requirements.lock
	@$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

study: install ## Run the whole story on the embedded world; SEED=n evaluates on other held-out items.
	$(BIN)/seethink study $(RECIPE) --out $(OUT) $(STUDY_OVERRIDES)

test: install ## Run the tests that together take minutes.
	$(BIN)/python -m pytest -m "not slow" $(PYTEST_ARGS)

test-all: install ## Run every test, the long ones too.
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: install ## Lint, formatting, types and the layers of the design.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: ## Resolve pyproject.toml anew and write requirements.lock.
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/python $(PIP_INSTALL) "$(TORCH)" ".[train,report,dev]"
	build/lock/bin/python -m pip freeze --all --exclude pip --exclude seethink > build/frozen
	sed -n '/^#/p' requirements.lock > build/requirements.lock
	sed 's/+[A-Za-z0-9.]*$$//' build/frozen >> build/requirements.lock
	mv build/requirements.lock requirements.lock
	rm -rf build/lock build/frozen

clean: ## Remove what was installed, built and cached; runs/ stays.
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	find seethink tests -name __pycache__ -type d -prune -exec rm -rf {} +
