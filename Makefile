# make help says what there is. Needs Python 3.11 or newer and make; everything else goes into .venv.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
JOBS ?= 2
MINUTES ?= 1
SCHEDULES ?= 300

HOURS ?= 48
SEEDS ?= 1..20
ROUNDS ?= 50

.PHONY: help setup run test check mutate soak soak-hash fuzz fuzz-secrets fuzz-config wire-faults prove-emergency prove-safety kills replays bench docs wheel clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | while IFS=$$'\t' read -r name what; do \
		printf '  make %-15s %s\n' "$$name" "$$what"; done

setup: $(STAMP) ## own virtual environment with everything pinned (once)

$(STAMP): pyproject.toml requirements.lock
	@if [ -z "$(PYTHON)" ]; then \
		echo "make: no Python 3.11 or newer found: install one (with its venv module), then run make again" >&2; exit 1; fi
	@echo "setting up $(VENV) with $(PYTHON) (a minute or two, once)"
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { \
		echo "make: $(PYTHON) cannot make a virtual environment: install its venv package (python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

run: setup ## trade for two minutes on the local venue (kinder than real), then review; home: MM_HOME or ~/.mm
	@$(BIN)/mm run --profile 100usdc --sim --scenario lively --for 120s
	@$(BIN)/mm review daily --sim

test: setup ## all tests, under 8 minutes
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

check: setup ## format, lint, types, layers; no tests
	@$(BIN)/ruff format --check --quiet . || { echo "mend with: $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache >.lint-imports.log 2>&1 && rm -f .lint-imports.log || { \
		cat .lint-imports.log >&2; rm -f .lint-imports.log; exit 1; }
	@echo "check: format, lint, types and layers are in order"

mutate: setup ## break core code on purpose for ten minutes; the unit tests must notice (SEED=1 plays a run again)
	@$(BIN)/python -m scripts.mutate --minutes 10 --each 24 $(if $(SEED),--seed $(SEED))

soak: setup ## two virtual days a seed with every fault, I1 to I6 checked after each event (HOURS=48 SEEDS=1..20)
	@$(BIN)/mm soak --hours $(HOURS) --seed $(SEEDS) --faults all --jobs $(JOBS)

soak-hash: setup ## one seed in ten processes, the hash seed of each another: one trace (HOURS=48)
	@$(BIN)/mm soak --hours $(HOURS) --seed 1 --faults all --processes 10 --jobs $(JOBS)

prove-safety: setup ## the goals of safety at full size, one table; exit 1 when one is missed (SHARE=0.02: a small one)
	@$(BIN)/python -m scripts.prove_safety --jobs $(JOBS) --share $(or $(SHARE),1) --seed $(or $(SEED),1)

kills: setup ## SIGKILL the runner so many times at any instant, then compare ledger and exchange (LIVES=5000 SEED=1)
	@$(BIN)/python -m scripts.kills --lives $(or $(LIVES),5000) --seed $(or $(SEED),1)

replays: setup ## recorded markets over the wire in real time (22 minutes): a plain client, ccxt.pro and the bot follow them
	@$(BIN)/python -m scripts.replays

fuzz: setup ## 20,000 hostile requests at the local venue (SEED=1 plays a run again; REQUESTS=…)
	@seed=$(or $(SEED),$$RANDOM); echo "seed $$seed"; MM_FUZZ_SEED=$$seed MM_FUZZ_REQUESTS=$(or $(REQUESTS),20000) \
		$(BIN)/python -m pytest tests/integration/test_venue_fuzz.py -k hostile --timeout 3000

fuzz-secrets: setup ## canary secrets into everything that writes, 2 minutes (RUNS=50000 SEED=1)
	@$(BIN)/python -m scripts.fuzz_secrets --runs $(or $(RUNS),50000) --seed $(or $(SEED),1)

fuzz-config: setup ## hostile configurations, none may be accepted or take 100 ms, minutes (RUNS=100000 SEED=1)
	@$(BIN)/python -m scripts.fuzz_config --runs $(or $(RUNS),100000) --seed $(or $(SEED),1) --jobs $(JOBS)

wire-faults: setup ## fault schedules over real HTTP and WebSocket, about 10 minutes (SCHEDULES=300 SEED=1)
	@$(BIN)/python -m scripts.wire_faults --schedules $(SCHEDULES) --seed $(or $(SEED),1)

prove-emergency: setup ## emergency stops of real bots, frozen, dead, disk full, ledger locked, venue slow: 4 minutes (ROUNDS=50)
	@$(BIN)/python -m scripts.prove_emergency --rounds $(ROUNDS) --seed $(or $(SEED),0) --jobs $(or $(STOPS),6)

bench: setup ## latency, start-up and memory against their goals, as ratios (MINUTES=10: the long run for memory)
	@$(BIN)/python -m bench --minutes $(MINUTES)

docs: setup ## write docs/cli.md and docs/exit-codes.md anew
	@$(BIN)/python -m scripts.cli_reference

wheel: setup ## dist/mm_rollout-*.whl
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null && ls dist/*.whl

clean: ## remove what make made here (.venv, caches, dist); MM_HOME is left alone
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .import_linter_cache .hypothesis .pytest_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
