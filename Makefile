# Two commands do everything on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help venv demo up test compose-test lint-deploy check format lock clean schemas asyncapi-validate eval train-tagger chaos fuzz-redaction bench-redaction bench-routing bench-outbox bench-consumer bench-pipeline

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

venv: $(VENV)/.ready ## the virtual environment with the command `saferoute`

$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@echo "saferoute: virtual environment in $(VENV) (about a minute, once)"
	@test -x $(BIN)/python || $$(command -v $(PYTHON) || command -v python3) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "saferoute needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 …")'
	@set -o pipefail; $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --require-hashes \
		-r requirements/dev.txt | awk -v all=$$(grep -c == requirements/dev.txt) \
		'/^Collecting/ { printf "\r  %d of %d packages", ++n, all; fflush() } /^Installing/ { printf "  installing"; fflush() } \
		END { print "" }'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

demo: venv ## one run of everything: sample referrals from HTTP to mail, with a summary
	@$(BIN)/saferoute demo

up: venv ## the whole system on this machine until Ctrl-C
	@$(BIN)/saferoute up

test: venv ## all tests, on a real Kafka and a real PostgreSQL
	@$(BIN)/python -m pytest tests

compose-test: venv ## images, compose file and upgrade on a Docker Engine: up, samples, kills, permissions, posture
	@REQUIRE_DOCKER=1 $(BIN)/python -m pytest tests/containers tests/compose -v

lint-deploy: ## linters of everything in deploy: Dockerfile, shell, compose, Prometheus, Kubernetes
	@deploy/lint.sh

check: venv ## style, types, walls between rooms, drift of generated files, unit and contract tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@for pack in services/routing/policies/*/; do $(BIN)/saferoute policy check --policy "$$pack" && $(BIN)/saferoute policy test --policy "$$pack" || exit 1; done
	@$(BIN)/python -m pytest tests/unit tests/contract -q

format: venv ## format and sort
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

COMPILE = uv pip compile --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet

lock: venv ## pin every dependency with its hashes (needs uv); services take the versions that were tested
	@$(COMPILE) --extra dev -o requirements/dev.txt pyproject.toml
	@for service in intake redaction routing notify ops; do \
		$(COMPILE) -c requirements/dev.txt --extra $$service -o requirements/$$service.txt pyproject.toml; done
	@$(COMPILE) --extra training -o requirements/training.txt pyproject.toml
	@$(COMPILE) -c requirements/dev.txt --extra fuzz -o requirements/fuzz.txt pyproject.toml

clean: ## remove what was built here; caches outside the checkout stay
	@rm -rf $(VENV) .run .mypy_cache .ruff_cache build dist

schemas: venv ## regenerate contracts/schemas, examples and asyncapi from the models
	@$(BIN)/python -m tests.support.contract_files write

asyncapi-validate: ## read the AsyncAPI documents with the official parser (needs Node.js)
	@npm install --silent --no-fund --no-audit --no-package-lock --prefix .run/asyncapi @asyncapi/parser@3
	@node tests/support/validate_asyncapi.mjs $(CURDIR)/.run/asyncapi contracts/asyncapi

eval: venv ## measure the redactor on its sets, with ablation and vanilla Presidio as the baseline
	@$(BIN)/python -m services.redaction.evaluation

train-tagger: ## train the redactor's tagger again (own environment, up to half an hour)
	@test -x .venv-training/bin/python || $(PYTHON) -m venv .venv-training
	@.venv-training/bin/python -m pip install --quiet --require-hashes -r requirements/training.txt
	@.venv-training/bin/python -m training.tagger.train

chaos: venv ## the long kill test: hundreds of kill -9 while thousands of referrals are posted
	@$(BIN)/python -m bench.chaos

FUZZ_SECONDS ?= 300
fuzz-redaction: ## feed the redactor what no writer would write, FUZZ_SECONDS long (own environment)
	@test -x .venv-fuzz/bin/python || $(PYTHON) -m venv .venv-fuzz
	@.venv-fuzz/bin/python -m pip install --quiet --require-hashes -r requirements/fuzz.txt
	@.venv-fuzz/bin/python -m tests.fuzz.fuzz_redaction -max_total_time=$(FUZZ_SECONDS) -max_len=4000 -timeout=10

bench-redaction: venv ## documents a second, percentiles, memory, next to vanilla Presidio
	@$(BIN)/python -m bench.bench_redaction

bench-routing: venv ## decisions a second
	@$(BIN)/python -m bench.bench_routing

bench-outbox: venv ## our relay and faststream-outbox under kills, in one run
	@$(BIN)/python -m bench.bench_outbox

bench-consumer: venv ## settled batches against one message at a time, in one run
	@$(BIN)/python -m bench.bench_consumer

bench-pipeline: venv ## from 202 to mail: idle latency, throughput, where the time goes
	@$(BIN)/python -m bench.bench_pipeline
