# The whole developer interface. Settings (.env.example) work in the environment, behind the target
# (`make run UI_PORT=3001`) and, for what works with a home, in a file `.env`.

PYTHON ?= python3
INSTALL := $(PYTHON) requirements/install.py
IN_VENV := .venv/bin/python
# Two processes, for tests wait for servers most of the time; tests of a file share what is slow to
# make. The sets of parametrised tests have to be in one order in both.
TESTS := PYTHONHASHSEED=0 $(IN_VENV) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# What the shell around tells Python about other projects does not hold for this one.
unexport PYTHONPATH PYTHONHOME PYTHONSAFEPATH PYTHONDONTWRITEBYTECODE VIRTUAL_ENV

.DEFAULT_GOAL := help
.PHONY: help run bento bentos export import image promote rollback backup restore token demo-drift test check lint bench lock doctor clean screenshots dashboards

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install, train and promote the first model, serve it; Ctrl-C stops everything
	@$(INSTALL) orchestration serving
	@$(IN_VENV) -m titanic_assets.stack run

backup: ## all that is not in git, into one file, also while everything runs (TO=folder)
	@$(INSTALL) orchestration
	@$(IN_VENV) -m titanic_assets.backup make $${TO:+--to "$$TO"} $(ARGS)

restore: ## a backup into an empty TITANIC_HOME, on this machine or another (FROM=file)
	@$(INSTALL) orchestration
	@$(IN_VENV) -m titanic_assets.backup restore "$$FROM" $(ARGS)

promote: ## make a version champion, also one that was withdrawn (VERSION=4 WHY="...")
	@$(if $(VERSION),,$(error which version? make promote VERSION=4 WHY="why"))
	@$(INSTALL) orchestration
	@$(IN_VENV) -m titanic_assets.releasing promote "$$VERSION" --why="$$WHY"

rollback: ## the champion before this one goes live again, in seconds (WHY="...")
	@$(INSTALL) orchestration
	@$(IN_VENV) -m titanic_assets.releasing rollback --why="$$WHY"

bento: ## build the champion's bento, or find it there; prints its tag
	@$(INSTALL) orchestration serving
	@$(IN_VENV) -m titanic_assets.releasing.bentos build

bentos: ## the bentos of this home, as `bentoml list` shows them
	@$(INSTALL) orchestration
	@$(IN_VENV) -m titanic_assets.releasing.bentos list

export: ## the champion's bento, or TAG, with its release as one file (TO=folder/)
	@$(if $(TO),,$(error where to? make export TO=folder/))
	@$(INSTALL) orchestration
	@$(IN_VENV) -m titanic_assets.releasing.bentos export "$$TO" $${TAG:+"$$TAG"}

import: ## an exported bento, from any machine, into this home (FROM=file)
	@$(if $(FROM),,$(error which file? make import FROM=file.bento))
	@$(INSTALL) orchestration
	@$(IN_VENV) -m titanic_assets.releasing.bentos import "$$FROM"

image: ## the champion's bento, or TAG, as a container image; runs it, asks it, stops it
	@$(INSTALL) orchestration serving
	@$(IN_VENV) -m titanic_assets.releasing.image $${TAG:+"$$TAG"}

token: ## a token for the API, signed with JWT_SECRET (ARGS="--scope predict admin --hours 8")
	@$(INSTALL) serving
	@$(IN_VENV) -m bento_service.token $(ARGS)

demo-drift: ## passengers change: drift, alert, training, gates, release; a stack of its own (ARGS=--stop)
	@$(INSTALL) orchestration serving
	@$(IN_VENV) -m titanic_assets.demo $(ARGS)

test: ## the whole test suite, on real servers that come as wheels (ARGS="-k landing" for a part)
	@$(INSTALL) orchestration serving developer
	@$(TESTS) $(ARGS)

check: lint ## everything that has to hold: format, lint, types, floors, tests with coverage >= 90 %
	@$(TESTS) --cov --cov-report=term $(ARGS)

lint: ## format, lint and security rules, types, and imports that only point down
	@$(INSTALL) orchestration serving developer
	@$(IN_VENV) -m ruff format --check .
	@$(IN_VENV) -m ruff check .
	@$(IN_VENV) -m mypy
	@.venv/bin/lint-imports --no-cache

bench: ## the benchmarks, beside their peers; writes benchmarks/RESULTS.md (needs wrk)
	@$(INSTALL) orchestration serving
	@$(IN_VENV) -m benchmarks $(ARGS)

screenshots: ## pictures of a running `make run` for docs/ (needs chromium)
	@$(INSTALL) orchestration
	@$(IN_VENV) docs/screenshots.py $(ARGS)

dashboards: ## Grafana's dashboard in deploy/, made of the metrics that the code exports
	@$(INSTALL) orchestration serving
	@$(IN_VENV) -m deploy.monitoring.dashboards $(ARGS)

lock: ## write the locks anew, all packages at their newest (ARGS=--keep: only what is added)
	@$(INSTALL) installer
	@PATH="$$PATH:$(CURDIR)/.venv/bin" requirements/lock.sh $(ARGS)

doctor: ## what this machine has, what is set, and what would keep `make run` from working
	@$(INSTALL) orchestration
	@$(IN_VENV) -m titanic_assets.stack doctor

clean: ## remove what the targets made; never landing/, quarantine/, predictions or the ledger
	@$(PYTHON) requirements/clean.py
