# Everything sets itself up: the only needs are Python 3.11 or newer, make and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NEW_ENOUGH = $(PYTHON) -c 'import sys; v = sys.version_info[:2]; \
	sys.exit("Python %d.%d is too old: 3.11 or newer is needed" % v if v < (3, 11) else 0)'
READY := $(VENV)/.ready
# Kept, whatever the shell says: a run starts dozens of processes, and each would compile every module again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run scenario test coverage lint mutants fuzz soak bench bench-quick bench-growth lock audit snapshot package deploy clean
.DEFAULT_GOAL := run

run: $(READY)  ## start everything, play the sample scenario, serve until Ctrl-C
	@$(BIN)/python -m local --play

scenario: $(READY)  ## start everything, play the sample scenario, end with 0 or 1
	@$(BIN)/python -m local --scenario

test: lint  ## lint, every test
	@$(BIN)/pytest -n auto --dist worksteal

coverage: $(READY)  ## every test, and the lines and branches that none reaches; it takes nearly twice as long
	@$(BIN)/pytest -n auto --dist worksteal --cov --cov-report=term

lint: $(READY)  ## code, types, imports, workflows; fast enough for every save
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports
	@$(BIN)/zizmor --quiet --offline .github/workflows
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

mutants: $(READY)  ## break what is pure in thousands of places, and see the tests fail, in 74 minutes; some with MUTANTS="evaluate_risk.*"
	@rm -rf mutants
	@$(BIN)/python -m tests.run_mutants $(MUTANTS)
	@$(BIN)/mutmut results --all true | $(BIN)/python -m tests.mutants

fuzz: $(READY)  ## feed every reader for MINUTES=5, from SEED=…; some with ONLY="adapter"
	@$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),5) $(if $(SEED),--seed $(SEED)) --only "$(ONLY)"

soak: $(READY)  ## histories, and kills under load, for MINUTES=20, from SEED=…; at most KILLS=… of these
	@$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),20) $(if $(SEED),--seed $(SEED)) $(if $(KILLS),--kills $(KILLS))

bench: $(READY)  ## the table of docs/performance.md, in some fifteen minutes; some rows with BENCH="--only ingest sync"
	@$(BIN)/python -m benchmarks $(BENCH)

bench-quick: $(READY)  ## counts and ratios, in less than a minute; make test holds the counts
	@$(BIN)/python -m benchmarks.quick

bench-growth: $(READY)  ## how cost grows, up to a million reports, in MINUTES=110 at most; sizes up to one with BENCH="--most 3000"
	@$(BIN)/python -m benchmarks.growth --minutes $(or $(MINUTES),110) $(BENCH)

lock: $(READY)  ## lock what requirements.in and requirements-dev.in ask for
	@$(BIN)/uv pip compile --quiet --python-version 3.13 --generate-hashes --no-strip-extras --no-emit-index-url \
		--custom-compile-command "make lock" tests/end_to_end/runtime-requirements.in \
		-o tests/end_to_end/runtime-requirements.txt
	@for name in requirements requirements-dev; do \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url \
		--custom-compile-command "make lock" $$name.in -o $$name.txt || exit 1; done

# Without --strict, pip-audit ends with 0 where the service knows none of the libraries, as behind a mirror.
audit: $(READY)  ## known vulnerabilities in what is locked (needs pypi.org itself, not a mirror of it)
	@$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements-dev.txt || { \
		echo "not audited, unless a vulnerability is named above: that asks the service of pypi.org" >&2; exit 1; }

snapshot: $(READY)  ## what would be deployed, into infra/snapshots (needs a Bicep compiler)
	@$(BIN)/python -m infra.snapshot

package: $(READY)  ## build what is uploaded, into .local/package, and beside it its bill of materials
	@$(BIN)/python -m infra.package

deploy:  ## check what can be checked, then put everything into your Azure subscription (azd up)
	@$(NEW_ENOUGH)
	@$(PYTHON) -m infra.preflight && azd up

clean:  ## remove the environment and local data
	rm -rf $(VENV) .local mutants

$(READY): requirements-dev.txt
	@$(NEW_ENOUGH)
	@echo "setting up $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
