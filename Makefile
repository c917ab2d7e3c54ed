# Every target sets up what it needs: a virtual environment with the pinned packages, once.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
JOBS ?= 3# processes of the tests, one of which waits for a browser as a rule
export NO_MKDOCS_2_WARNING := 1

help: ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 16

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; $$($(PYTHON) --version) was found. Name one: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $(READY)

serve: $(READY) ## build the book and serve it on this machine
	$(BIN)/mkdocs serve --dirty

test: $(READY) ## run all tests: snippets, pages, the build tool, and the site in a browser
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m slipcover -m pytest -n $(JOBS)
	$(BIN)/python -m slipcover --merge .coverage.json --fail-under 100

check: $(READY) ## say all that is wrong with one chapter: make check PAGE=linear-algebra/span
	$(BIN)/python -m book check $(PAGE)

format: $(READY) ## lay out all code
	$(BIN)/python -m book format

build: $(READY) ## build the site into site/, strictly
	$(BIN)/mkdocs build --strict

dist: build ## make a PDF, an EPUB and an offline copy of the site, in dist/ and for the home page
	$(BIN)/python -m press

train: $(READY) ## train an equivariant autoencoder of the digits, beside the exact optimum
	$(BIN)/python -m snippets.mnist.train

bench: $(READY) ## measure speed, each as a ratio in one run
	$(BIN)/python -m bench

mutants: $(READY) ## change the code in 200 places and see that tests notice: make mutants MUTANTS="--seed 7 --only lie_groups"
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-mutants.txt
	$(BIN)/python tests/mutants.py $(MUTANTS)

clean: ## remove what was made, but not the environment
	rm -rf site dist .book .cache docs/assets/generated runs .pytest_cache .hypothesis .coverage.json

.PHONY: help serve test check format build dist train bench mutants clean
.DEFAULT_GOAL := help
