# make demo   the whole method on a synthetic CT set, with a report to look at
# make test   the test suite
# make lint   style, import rules and types
# make test-faults   bad and hostile files, the slow tests of them too
# make test-slow     slow tests of everything else
# make test-pacs     `mmuldor pacs` beside Debian's Orthanc, which it installs
#             (as root, by apt-get) where it is missing
# make gpu    tests and benchmarks of one GPU, in ten minutes at most; installs
#             nothing; DEVICE=cpu tries the same on small sizes
# make bench  every stage timed against what one would run instead; needs the
#             models of `make demo`, and nothing else running
# make wheel  a wheel and a source archive in work_dirs/dist, both checked
# make docs   this documentation and the API reference as work_dirs/docs
# make fuzz   every reader of files, fuzzed for FUZZ_SECONDS each
# make mutants  400 small changes of the arithmetic, mining and FROC code: do
#             the tests notice? Within an hour; goes on where it was stopped
#
# Each makes its own virtual environment first. Variables:
#   PYTHON=python3.11     interpreter to start from (3.10 to 3.12)
#   TORCH_INDEX=URL       package index for torch, e.g. the CPU-only one
#   VENV=.venv            where the environment goes
#   TEST_JOBS=2           processes of `make test`
#   BENCH_ARGS=           of benchmarks/run.py, like --only froc or --device cuda:0
#   DEVICE=cuda:0         of `make gpu`
#   FUZZ_SECONDS=60       how long `make fuzz` spends on each reader
#   FUZZ_TARGETS=         which readers, all by default
#   MUTANT_ARGS=          of tests/mutants/run.py, like --seed 1 or --keep

PYTHON ?= python3
VENV ?= .venv
TORCH_INDEX ?=
TEST_JOBS ?= 2
BENCH_ARGS ?=
DEVICE ?= cuda:0
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?=
MUTANT_ARGS ?=
export PYTHON TORCH_INDEX

.PHONY: help setup demo test test-faults test-slow test-pacs gpu fuzz \
    mutants bench wheel docs lint clean
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

# The small models of the tests gain nothing from a second thread, so each
# process has one. Files stay whole: what their tests share is made once. A test
# that hangs shows where, and fails.
test: $(VENV)/ready-dev
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n $(TEST_JOBS) \
	    --dist loadfile --durations=25 -o faulthandler_timeout=600 \
	    -o faulthandler_exit_on_timeout=true --max-worker-restart=2

test-faults: $(VENV)/ready-dev
	$(VENV)/bin/python -m pytest tests/faults -m 'slow or not slow'

test-slow: $(VENV)/ready-dev
	$(VENV)/bin/python -m pytest -m slow --ignore tests/faults \
	    --ignore tests/pacs

# The tests run a server of their own on a free port, not Debian's service.
test-pacs: $(VENV)/ready-dev
	PATH="$$PATH:/usr/sbin"; \
	test -e /usr/share/orthanc/plugins/libOrthancDicomWeb.so \
	    && command -v Orthanc > /dev/null || \
	    apt-get install -y -q orthanc orthanc-dicomweb
	OMP_NUM_THREADS=1 $(VENV)/bin/python -m pytest tests/pacs \
	    -m 'slow or not slow'

# The interpreter's own packages where they are complete, else those of VENV.
gpu:
	if $(PYTHON) -c 'import mmdet, pycocotools, pytest, torch' 2> /dev/null; \
	then python=$(PYTHON); else python=$(VENV)/bin/python; fi; \
	$$python benchmarks/gpu.py --device $(DEVICE)

fuzz: $(VENV)/ready-dev
	-$(VENV)/bin/python -m pip install -q --only-binary=:all: \
	    -r tests/fuzz/requirements.txt
	$(VENV)/bin/python tests/fuzz/run.py --seconds $(FUZZ_SECONDS) \
	    $(FUZZ_TARGETS)

mutants: $(VENV)/ready-dev
	$(VENV)/bin/python tests/mutants/run.py $(MUTANT_ARGS)

bench: $(VENV)/ready-dev work_dirs/demo/uldor/last_checkpoint
	$(VENV)/bin/python benchmarks/run.py $(BENCH_ARGS)

work_dirs/demo/uldor/last_checkpoint:
	$(MAKE) demo

wheel: $(VENV)/ready-dev
	rm -rf build work_dirs/dist
	$(VENV)/bin/python -m build -q --no-isolation -o work_dirs/dist .
	$(VENV)/bin/python -m twine check --strict work_dirs/dist/*

# Reads the sources and imports none: its environment has no torch.
docs: $(VENV)-docs/ready
	NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build
	@echo 'Open work_dirs/docs/index.html; its search needs a server:' \
	    '$(PYTHON) -m http.server -d work_dirs/docs'

$(VENV)-docs/ready: requirements-docs.txt
	$(PYTHON) -m venv --clear $(VENV)-docs
	$(VENV)-docs/bin/python -m pip install -q -r requirements-docs.txt
	@touch $@

lint: $(VENV)/ready-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

clean:
	rm -rf work_dirs/demo work_dirs/docs work_dirs/mutants work_dirs/dist \
	    build mmuldor.egg-info .hypothesis \
	    .mypy_cache .pytest_cache .ruff_cache
