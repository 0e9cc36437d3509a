.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PROTOS := $(shell find protos -name '*.proto' | sort)

.PHONY: help setup run test test-aio test-clients faults check lint format generate generate-check proto-check baseline lock bench bench-quick bench-long soak engine-soak clean

help: ## show this help
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: .venv/ready ## make the virtual environment with pinned and hashed dependencies

.venv/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Diptych needs Python 3.11 or newer: make PYTHON=python3.12 …") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: .venv/ready ## start Postgres, Valkey and the three processes, and say how to call them
	@$(BIN)/diptych run

# A run of minutes, which belongs to a command of its own.
FAULTS := tests/faults/test_faults.py tests/faults/sabotage

# They need programs from npm and the Go proxy, which `make test` must not ask for.
CLIENTS := tests/services/test_service_kit_clients.py
# These run with both engines by themselves.
BOTH_ENGINES := $(shell grep -l '"engine"' tests/services/test_*.py)

# Each has servers of its own, and most tests wait more than they work.
TESTERS ?= 2
SIDE_BY_SIDE := --numprocesses $(TESTERS) --dist loadfile

test: .venv/ready ## pass all tests but those of clients and the long ones of faults: TESTERS=1 for one after the other
	$(BIN)/pytest $(SIDE_BY_SIDE) $(addprefix --ignore=,$(FAULTS) $(CLIENTS))

test-aio: .venv/ready ## pass those of the services and end to end again, served by grpc.aio
	DIPTYCH_GRPC_ENGINE=aio $(BIN)/pytest $(SIDE_BY_SIDE) $(addprefix --ignore=,$(BOTH_ENGINES)) tests/services tests/end_to_end

test-clients: .venv/ready ## pass those of grpcurl, buf curl and Node, which are made ready in .clients
	$(BIN)/python -m tests.clients.environment
	$(BIN)/pytest $(CLIENTS)

faults: .venv/ready ## every guard cut out and in place, then faults of a part of all kinds: SEED=2 for the next part
	$(BIN)/pytest $(FAULTS)
	$(BIN)/python -m tests.properties.forged_tokens 1000000

check: .venv/ready lint generate-check proto-check ## style, types, walls, generated code, protos

lint: .venv/ready ## style, types and walls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy examples
	$(BIN)/lint-imports

format: .venv/ready ## format Python and protos
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/buf format -w protos

generate: .venv/ready ## make generated/ from protos/
	rm -rf generated
	mkdir -p generated
	$(BIN)/python -m grpc_tools.protoc -Iprotos -Ithird_party --python_out=generated --mypy_out=quiet:generated \
	  --plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy $(PROTOS)
	$(BIN)/python -m grpc_tools.protoc -Iprotos -Ithird_party --grpc_python_out=generated --mypy_grpc_out=quiet:generated \
	  --plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc $(filter %_service.proto,$(PROTOS))
	$(BIN)/python -m grpc_tools.protoc -Ithird_party --python_out=generated --mypy_out=quiet:generated \
	  --plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy third_party/buf/validate/validate.proto
	$(BIN)/buf build protos --exclude-source-info -o generated/descriptors.binpb

generate-check: .venv/ready ## generated/ is what protos/ make
	@rm -rf .generated-before && cp -r generated .generated-before
	@$(MAKE) --no-print-directory --silent generate
	@diff -r -q -x __pycache__ .generated-before generated; state=$$?; rm -rf .generated-before; exit $$state

proto-check: .venv/ready ## lint and format of protos, and no breaking change
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code protos
	$(BIN)/buf breaking protos --against protos/baseline.binpb

baseline: .venv/ready ## accept the protos as they are as what must not be broken
	$(BIN)/buf build protos --exclude-source-info -o protos/baseline.binpb

lock: ## pin what pyproject.toml asks for, with hashes
	test -x .venv/lock/bin/pip-compile || { $(PYTHON) -m venv .venv/lock && .venv/lock/bin/pip install --quiet pip-tools; }
	.venv/lock/bin/pip-compile --quiet --allow-unsafe --strip-extras --generate-hashes --no-header --annotation-style=line \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra local --extra dev -o requirements.txt pyproject.toml
	cat requirements-early-3.11.txt >> requirements.txt # pip-compile drops what this Python does not need

bench: .venv/ready ## measure everything beside floors and peers (under 15 minutes)
	$(BIN)/python -m bench

bench-quick: .venv/ready ## the same with a tenth of the data and 3 short repeats (under 3 minutes)
	$(BIN)/python -m bench --quick

bench-long: .venv/ready ## import all the real data and compare it with independent sums; measure long reads and lists
	$(BIN)/python -m bench.retail_import
	$(BIN)/python -m bench.tuition_import
	$(BIN)/python -m bench.families
	$(BIN)/python -m bench.read_your_writes
	$(BIN)/python -m bench.list_pages

soak: .venv/ready ## try faults for hours until the figures of docs/promises.md are reached
	$(BIN)/python -m tests.faults.soak --goals

engine-soak: .venv/ready ## call the engine in all ways for minutes and see that nothing stays behind
	$(BIN)/python -m bench.engine_soak

clean: ## remove the environment and local data
	rm -rf .venv .diptych .bench .clients
