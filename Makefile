# make demo   the whole method on a synthetic CT set, with a report to look at
# make test   the test suite
# make lint   style and import rules
#
# Each makes its own virtual environment first. Variables:
#   PYTHON=python3.11     interpreter to start from (3.10 to 3.12)
#   TORCH_INDEX=URL       package index for torch, e.g. the CPU-only one
#   VENV=.venv            where the environment goes

PYTHON ?= python3
VENV ?= .venv
TORCH_INDEX ?=
export PYTHON TORCH_INDEX

.PHONY: help setup demo test lint clean
help:
	@sed -n 's/^# \{0,1\}//p' Makefile

setup: $(VENV)/ready
$(VENV)/ready: requirements.txt tools/setup_env.sh
	tools/setup_env.sh $(VENV)
	@touch $@

$(VENV)/ready-dev: requirements.txt requirements-dev.txt tools/setup_env.sh
	tools/setup_env.sh $(VENV) requirements-dev.txt
	@touch $(VENV)/ready $@

demo: $(VENV)/ready
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" tools/demo.sh

test: $(VENV)/ready-dev
	$(VENV)/bin/python -m pytest

lint: $(VENV)/ready-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

clean:
	rm -rf work_dirs/demo .pytest_cache .ruff_cache .hypothesis
