# Sigil's commands. `make run` and `make test` need nothing but make (and, on Debian or Ubuntu, root or sudo for what is
# missing): they set up .venv, build and go. PYTHON=… chooses another interpreter, CC=… another compiler, J=… the jobs.
SHELL := /bin/sh
J ?=
T ?=
SECONDS ?= 20
VENV := .venv/bin
ifneq ($(PYTHON),)
export PYTHON
endif
ifneq ($(J),)
export SIGIL_JOBS := $(J)
endif

EXAMPLE := examples/expression_evaluator

.PHONY: run test ci setup setup-ci setup-peers build install asan tsan fuzz hunt cov lint fmt fresh bench bench-peers accept clean help
.DEFAULT_GOAL := help

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make run                 set up, build, and run an example project, showing the stages
run: build
	@if [ -d $(EXAMPLE) ]; then $(VENV)/python -m sigil run $(EXAMPLE); else $(VENV)/python -m sigil --version; fi

## make test [T=piece]      set up, build, and run the test suite, or the tests with `piece` in their names
test: build
	@$(VENV)/python -m pytest $(if $(T),-k "$(T)")

## make ci                  the long checks: second compiler, sanitizers, other Pythons, lint, short fuzzing
ci: setup-ci build
	@$(VENV)/python tools/ci.py

## make asan [T=piece]      the suite under AddressSanitizer, UndefinedBehaviorSanitizer and LeakSanitizer
asan: build
	@$(VENV)/python tools/ci.py asan $(T)
	@$(VENV)/python tools/ci.py asan-python $(T)

## make tsan [T=piece]      what has threads under ThreadSanitizer
tsan: build
	@$(VENV)/python tools/ci.py tsan $(T)

## make fuzz [SECONDS=20]   each fuzz target for so long
fuzz: setup-ci build
	@$(VENV)/python tools/ci.py fuzz $(SECONDS)

## make hunt                the slow hunts: a million task graphs, fifty repetitions of the same bytes
hunt: setup-ci build
	@$(VENV)/python tools/ci.py hunt

## make cov                 line and branch coverage of the C core
cov: setup-ci build
	@$(VENV)/python tools/ci.py cov

## make lint                every check of form, changing nothing
lint: setup-ci build
	@$(VENV)/python tools/ci.py lint

## make fmt                 formats C and Python
fmt: setup-ci
	@$(VENV)/python tools/ci.py fmt

## make accept              writes what the tests got over what they expected, for review in the diff
accept: build
	@SIGIL_ACCEPT=1 $(VENV)/python -m pytest -q $(if $(T),-k "$(T)")

## make bench               the benchmarks' tables, each figure with its target
bench: build
	@$(VENV)/python tools/ci.py bench

## make bench-peers         the same work done by other projects, side by side
bench-peers: setup-peers build
	@$(VENV)/python tools/ci.py bench-peers

## make fresh               proves `make run` and `make test` in a bare Debian (debootstrap; needs root)
fresh:
	@sh tools/fresh.sh

## make clean               removes everything that was built; .venv stays
clean:
	rm -rf build dist sigil.egg-info sigil/_runtime sigil/_core.*.so
	find . -name .venv -prune -o -name __pycache__ -type d -print | xargs rm -rf

setup:
	@sh tools/setup.sh

setup-ci:
	@sh tools/setup.sh ci

## make setup-peers         installs what the peers are made of
setup-peers:
	@sh tools/setup.sh peers

# The editable install happens once; after that building in place is all that is needed.
build: setup
	@$(VENV)/python tools/build.py
