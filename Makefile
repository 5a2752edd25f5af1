# make test     everything: units, properties, and the tests on a real Kafka (tests/README.md)
# make lint     formatting, clippy for both feature sets, documentation
# make demo     a shop's day on an embedded broker, inspected and reported
# make bench    throughput of the stages on this machine
# make torture  the tests on a real Kafka at full size (half an hour or so; not in CI)
# make dashboards  writes deploy/grafana/dashboards from their code
# make tools    installs what the tests need, or says how

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := test
.PHONY: test lint demo bench torture tools kafka dashboards

CARGO := cargo
# Kill points and planted faults belong to the tests only: a release is built without.
FEATURES := --features faults

# Debian packages: a C tool chain and Perl build librdkafka and OpenSSL, Java and Maven run the broker, Prometheus
# checks metrics, rules and dashboards, Python writes the dashboards, and systemd, docker-compose and
# Alertmanager read what is for them.
PACKAGES := gcc g++ make perl openjdk-17-jre-headless maven prometheus jq python3-venv systemd \
    docker-compose prometheus-alertmanager
COMMANDS := gcc g++ make perl java mvn promtool jq python3 systemd-analyze docker-compose amtool
INSTALL := apt-get install --yes --no-install-recommends $(PACKAGES)

# The tables of the ledger check are printed after the tests of tests/it.
test: tools kafka
	$(CARGO) test --locked $(FEATURES) -- --show-output

lint: tools
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --quiet --all-targets $(FEATURES) -- -D warnings
	$(CARGO) clippy --locked --quiet --all-targets --no-default-features -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --quiet --no-deps $(FEATURES)

# Not the release profile: its link-time optimisation alone takes minutes, and the demo needs no speed.
demo:
	$(CARGO) run --locked --quiet -- demo

# benches/README.md says what it asks. The corpus is the same on every machine.
bench:
	folder="$${CARGO_TARGET_DIR:-target}"
	$(CARGO) bench --locked --quiet --no-default-features --bench corpus -- \
	    --out "$$folder/mixed.kcat" --config-dir "$$folder/bench-config"
	$(CARGO) build --locked --release
	"$$folder/release/sumun" bench --corpus "$$folder/mixed.kcat" -c "$$folder/bench-config/sumun.yaml"

torture: tools kafka
	SUMUN_TORTURE=1 $(CARGO) test --locked $(FEATURES) --test it -- --nocapture

dashboards: tools
	deploy/grafana/generate deploy/grafana/dashboards "$${CARGO_TARGET_DIR:-target}/deploy-venv"

kafka: tools
	tests/it/kafka/fetch "$${CARGO_TARGET_DIR:-target}/kafka"

# As root on Debian it installs what is missing; a policy file keeps the daemons among it from starting.
tools:
	@missing=
	for command in $(COMMANDS); do
	    command -v "$$command" >/dev/null || missing+=" $$command"
	done
	python3 -c 'import ensurepip' 2>/dev/null || missing+=" python3-venv"
	[ -n "$$missing" ] || exit 0
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	    echo "missing:$$missing" >&2
	    echo "on Debian: sudo $(INSTALL)" >&2
	    exit 1
	fi
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$$policy" ]; then
	    trap 'rm -f "$$policy"' EXIT
	    printf '#!/bin/sh\nexit 101\n' >"$$policy"
	    chmod +x "$$policy"
	fi
	apt-get update --quiet
	DEBIAN_FRONTEND=noninteractive $(INSTALL)
