# What a person types. `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup fmt lint init build test soak bench bench-sandbox bench-anonymizer bench-detect demo

CARGO ?= cargo
SCRIPTS := $(wildcard .ci/run deploy/*.sh deploy/*/*.sh examples/*/*.sh)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install and start what the demonstration and the tests need (Debian packages, Docker)
	deploy/setup.sh demo test

fmt: ## Format the code
	$(CARGO) fmt --all

lint: ## Check formatting, lints and scripts
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	@if command -v shellcheck >/dev/null; then \
		echo shellcheck $(SCRIPTS); shellcheck -x $(SCRIPTS); \
	else \
		echo "shellcheck is not installed; the scripts were not checked"; \
	fi

# Linked statically, because it runs inside any image. A named target keeps the flag from the build's own programs.
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
init: ## Build the program that begins every container, and put it beside sandyq
	RUSTFLAGS="-C target-feature=+crt-static" $(CARGO) build --locked --package sandyq-init --features program \
		--profile init --target $(HOST) --target-dir target/init
	install -D -m 0755 -t target/release target/init/$(HOST)/init/sandyq-init
	install -D -m 0755 -t target/debug target/init/$(HOST)/init/sandyq-init

build: init ## Build the program: target/release/sandyq
	$(CARGO) build --release --locked --package sandyq

test: init ## Run all tests, on a real Docker engine and a real PostgreSQL
	deploy/setup.sh test
	# One set of features for everything, so that nothing is compiled twice.
	$(CARGO) build --workspace --all-targets --locked
	$(CARGO) test --workspace --locked --no-fail-fast

soak: ## Drive jobs through seeded faults (SEED=7 JOBS=300)
	deploy/setup.sh test
	$(CARGO) build --workspace --all-targets --locked
	SANDYQ_SOAK_SEED=$(or $(SEED),7) SANDYQ_SOAK_JOBS=$(or $(JOBS),300) \
		$(CARGO) test --workspace --locked --test integration -- --nocapture soak::

bench: build ## Measure speed and memory against the targets
	deploy/setup.sh demo
	deploy/bench.sh

bench-sandbox: build ## Measure launch, queue, recovery and collection of jobs against their bars
	deploy/setup.sh demo
	deploy/bench-sandbox.sh

bench-anonymizer: ## Compare the anonymization engine with ARX and with polars
	deploy/bench-anonymizer.sh

bench-detect: ## Measure what is found of personal data, and how fast it is found and replaced
	deploy/bench-detect.sh

demo: init ## Show the whole main job on real parts (KEEP=1 leaves the server up)
	KEEP="$(KEEP)" examples/demo/demo.sh
