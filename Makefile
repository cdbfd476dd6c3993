# bundletool: what you can do here. `make demo` and `make test` set up what they need; both can be run again.
SHELL := /bin/bash
TOOL := .build/release/bundletool

.PHONY: demo test test-vm build setup setup-test bench format lint clean

## The original experiment on this machine: a server moves while a client downloads.
demo: setup build
	$(TOOL) demo --report demo.svg

## All tests, with the real runc and CRIU. Needs root.
test: setup-test build
	swift build --build-tests
	# Tests that wait for servers and CRIU do so in vain where all of them run at once on two cores.
	SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$${SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH:-8} \
		swift test --skip-build

## Migrations in an emulated machine whose kernel marks changed pages (soft-dirty). No KVM needed.
test-vm: setup build
	scripts/setup.sh vm
	scripts/vm/run.sh

## The program, with the Swift runtime linked in: .build/release/bundletool.
build: setup-build
	swift build -c release --static-swift-stdlib --product bundletool

setup:
	scripts/setup.sh build run
	fixtures/python-rootfs.sh

setup-build:
	scripts/setup.sh build

setup-test: setup
	scripts/setup.sh test
	fixtures/workloads-rootfs.sh

## Our figures beside the peers', in one run each.
bench: setup-test build
	Benchmarks/run.sh

format:
	swift format format --in-place --recursive Sources Tests Package.swift

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

clean:
	rm -rf .build demo.svg
