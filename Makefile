# Approdo: `make run` to try it, `make test` before every change. What each installs stands in README.md.
#
# Dependencies and tools are built once for all clones of a person, outside the clone: set APPRODO_CACHE to move them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test test-long check web units stories browser bench setup-test clean-demo

APPRODO_CACHE ?= $(HOME)/.cache/approdo
APPRODO_TOOLS ?= $(APPRODO_CACHE)/tools
CARGO_TARGET_DIR ?= $(APPRODO_CACHE)/target
CARGO_HOME ?= $(HOME)/.cargo
export APPRODO_CACHE APPRODO_TOOLS CARGO_TARGET_DIR
# rustup's cargo before the one that Debian's rustc-web puts in /usr/bin.
export PATH := $(CARGO_HOME)/bin:$(APPRODO_TOOLS)/bin:$(PATH)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: ## start Approdo with a demonstration network on 127.0.0.1:8080
	@scripts/run.sh

test: check units stories browser ## everything: checks, units, stories on both databases, browser

test-long: test ## and what takes longer: every parser fuzzed for a minute, many random walks
	@scripts/setup.sh long
	@scripts/with-target.sh env PROPTEST_CASES=300 cargo test --locked --quiet --package keyring --test all walks
	@scripts/with-target.sh scripts/fuzz.sh 60

setup-test:
	@scripts/setup.sh test

# The types of the islands follow from the sealing core, so it is built first.
check: setup-test web ## format, lints, licences, spelling, types, checks over the repository
	@scripts/with-target.sh scripts/check.sh

web: ## the sealing core (WebAssembly), scripts and styles, into web/dist
	@scripts/setup.sh run
	@scripts/web.sh

units: setup-test ## tests without a database: envelope, keyring, browser core, platform
	@scripts/with-target.sh cargo test --locked --quiet --no-fail-fast --workspace $(foreach crate,$(STORY_CRATES),--exclude $(crate))

# The crates whose tests are stories told through the router; each runs on SQLite and on PostgreSQL.
STORY_CRATES := network server testkit keys

stories: setup-test web ## stories through the router, on SQLite and on PostgreSQL
	@scripts/with-target.sh scripts/with-postgres.sh cargo test --locked --quiet --no-fail-fast $(foreach crate,$(STORY_CRATES),--package $(crate))

browser: setup-test web ## journeys in headless Chromium
	@scripts/with-target.sh bash -c 'cargo build --locked --quiet --package server --package keys && npm test --prefix e2e --silent'

# Where the raw figures of a benchmark go.
RESULTS ?= var/bench

bench: web ## how fast, how much memory, how heavy, beside a peer; RESULTS=folder keeps the raw figures
	@scripts/with-target.sh scripts/bench.sh $(RESULTS)

clean-demo: ## forget the demonstration network and its database
	rm -rf demo var
