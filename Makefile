# make run      the portal on http://localhost:8000 (PORT), until Ctrl-C
# make test     everything that proves it
# make bench    its figures, printed and written to build/bench.json
# make clean    removes what was installed and built, never the data

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv/bin
# How they are handed out: tests/side_by_side.py.
SIDE_BY_SIDE := -n logical --maxprocesses 4 --dist loadgroup --no-loadscope-reorder
FRONTEND := londonpsn/frontend
ifndef STARTED_AT
STARTED_AT := $(shell date +%s)
endif
export STARTED_AT
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test bench screenshots clean

run: .venv/runtime staticfiles/staticfiles.json
	@exec $(VENV)/python manage.py serve

test: .venv/development staticfiles/staticfiles.json
	@$(VENV)/ruff check --quiet . && $(VENV)/ruff format --check --quiet .
	@$(VENV)/python -m londonpsn.embedded python -m pytest $(SIDE_BY_SIDE) $(ARGS)

bench: .venv/development staticfiles/staticfiles.json
	@$(VENV)/python -m londonpsn.embedded python -m tests.bench

screenshots: .venv/development staticfiles/staticfiles.json
	@$(VENV)/python -m londonpsn.embedded python -m pytest -q tests/journeys/screenshots.py

.venv/runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The portal needs Python 3.11 or later.")'
	@echo "Installing the packages of requirements.txt"
	@test -x $(VENV)/python || $(PYTHON) -m venv .venv
	@$(VENV)/python -m pip install --quiet pip==26.3
	@$(VENV)/python -m pip install --quiet -r requirements.txt
	@touch $@

.venv/development: .venv/runtime pyproject.toml
	@echo "Installing the development packages of pyproject.toml"
	@$(VENV)/python -m pip install --quiet --group dev
	@touch $@

# npm from PATH; where there is none, Node.js from its wheel.
$(FRONTEND)/dist/portal/app.css: .venv/runtime $(FRONTEND)/package-lock.json $(FRONTEND)/portal.scss
	@echo "Building the front end"
	@command -v npm >/dev/null || $(VENV)/python -m pip install --quiet --group frontend
	@cd $(FRONTEND) && npm ci --silent --omit=optional --no-audit --no-fund
	@mkdir -p $(FRONTEND)/dist/portal/fonts
	@cp $(FRONTEND)/node_modules/@fontsource-variable/source-sans-3/files/source-sans-3-latin-wght-normal.woff2 $(FRONTEND)/dist/portal/fonts/
	@cd $(FRONTEND) && npm run --silent build

staticfiles/staticfiles.json: .venv/runtime $(FRONTEND)/dist/portal/app.css
	@SECRET_KEY=collectstatic $(VENV)/python manage.py collectstatic --no-input --clear --verbosity 0

clean:
	rm -rf .venv staticfiles build $(FRONTEND)/dist $(FRONTEND)/node_modules
