# Every target brings the project's own .venv first; a second call finds it ready and costs nothing.
# Needs Python 3.11-3.13 and make, nothing else. `make` alone prints this list.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
READY := .venv/.ready
CODE := flows connectors expectations

# Looked up only when the set-up runs. PYTHON=/path/to/python3.12 make ... chooses another one.
PYTHON ?= $(shell bin/find-python)

.PHONY: help run test soak lint types fmt bench lock sbom licences audit

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(READY) ## The 2021 sample year through the whole chain: night, figures, report
	@bin/run

test: lint types ## Everything CI runs: lint, types, the import arrow, SQL, all tests
	@bin/install-browser
	@bin/install-dovecot
	$(BIN)/python -m pytest -n 2 --dist worksteal

soak: $(READY) ## The long tests, for hours: generated tables, random histories, backfills, kills, cut connections, a year of nights
	@bin/install-faketime
	WAREHOUSE_TEST_CASES=10000 $(BIN)/python -m pytest tests/inputs/test_property.py
	WAREHOUSE_TEST_HISTORIES=2000 $(BIN)/python -m pytest -n 2 tests/model
	WAREHOUSE_INCREMENT_HISTORIES=50 $(BIN)/python -m pytest -n 2 tests/dbt/test_increments.py
	WAREHOUSE_ATTACK_LEDGERS=20000 WAREHOUSE_ATTACK_HISTORIES=20 $(BIN)/python -m pytest tests/attack
	WAREHOUSE_CAUSE_HISTORIES=40 $(BIN)/python -m pytest tests/connectors/warehouse/test_causes.py
	WAREHOUSE_TEST_BACKFILLS=50 $(BIN)/python -m pytest -n 2 tests/night/test_backfill.py -k random
	WAREHOUSE_UPLOADS=1000 WAREHOUSE_API_EXAMPLES=200 $(BIN)/python -m pytest tests/flows/web_intake/test_attacks.py
	WAREHOUSE_SOURCE_SAMPLE=all $(BIN)/python -m pytest tests/night/test_sample_sources.py
	WAREHOUSE_TIMEWARP_NIGHTS=30 $(BIN)/python -m pytest -s tests/timewarp
	WAREHOUSE_SERVE_KILLS=10 $(BIN)/python -m pytest tests/flows/test_serve_recovery.py
	WAREHOUSE_KILL_POINTS=all $(BIN)/python -m pytest -n 2 tests/night/test_kill.py
	WAREHOUSE_ERASE_CROWD=all WAREHOUSE_ERASE_NIGHT=whole $(BIN)/python -m pytest tests/connectors/warehouse/test_erasing.py tests/night/test_erasing.py
	WAREHOUSE_CANARY_NIGHTS=all $(BIN)/python -m pytest -s tests/canary
	WAREHOUSE_FAULT_KILLS=200 WAREHOUSE_FAULT_DOUBLE=20 WAREHOUSE_FAULT_POSTGRES=20 WAREHOUSE_FAULT_CUTS=all $(BIN)/python -m pytest tests/faults

lint: $(READY) ## Ruff, the import arrow (import-linter) and the SQL of dbt (sqlfluff)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project

types: $(READY) ## mypy --strict over the three packages
	$(BIN)/mypy $(CODE)

fmt: $(READY) ## Rewrite Python as ruff formats it and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY) ## The whole night and reading alone against hand-written loaders, and worker processes, as ratios in one run; readers of the dashboards
	$(BIN)/python -m benchmarks.night
	$(BIN)/python -m benchmarks.night.changed --sizes 10000
	$(BIN)/python -m benchmarks.intake
	$(BIN)/python -m benchmarks.bi
	$(BIN)/python -m benchmarks.machines

lock: $(READY) ## Resolve pyproject.toml into requirements.lock (newer versions: make lock OPTIONS=--upgrade)
	$(BIN)/python bin/setup.py lock $(OPTIONS)

sbom: $(READY) ## The bill of materials of both locks, as CycloneDX JSON in build/sbom
	@$(BIN)/python -m bin.supply.sbom

licences: $(READY) ## The licence of every locked package, written anew and held against bin/supply/policy.yaml
	@$(BIN)/python -m bin.supply.licences

audit: $(READY) ## Known vulnerabilities of both locks; needs the network and ends with 3 without it (SERVICE=osv asks another)
	@$(BIN)/python -m bin.supply.audit $(or $(SERVICE),pypi)

$(READY): requirements.lock pyproject.toml bin/setup.py
	@"$(or $(PYTHON),$(error Python 3.11, 3.12 or 3.13 is needed and none was found. Install one or name it: make PYTHON=/path/to/python3.12))" bin/setup.py
