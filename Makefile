# Every target does its own set-up: on a fresh machine it needs Python 3.11, git and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test lint format types fuzz bench docs clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

setup: ## make .venv with everything in it (the other targets do this by themselves)
	@$(PYTHON) tools/bootstrap.py

run: setup ## check an embedded world on loopback, or real services: make run TARGET="smtp://a imap://b"
ifdef TARGET
	@$(BIN)/starttls check $(ARGS) $(TARGET) || { code=$$?; \
	  echo "exit code $$code (0 all verified, 1 something fell short, 2 usage, 3 could not tell)" >&2; exit $$code; }
else
	@$(BIN)/starttls demo $(ARGS)
endif

test: setup ## lint, types, import rules and all tests
	@tools/test $(ARGS)

lint: setup ## ruff and the import rules
	@tools/checks lint

format: setup ## let ruff rewrite the code
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format .

types: setup ## mypy and pyright
	@tools/checks types

fuzz: setup ## feed garbage to every protocol in both roles (ARGS="--seconds 60")
	@$(BIN)/python -m fuzz $(ARGS)

bench: setup ## measure, print a table, write bench/results/*.json
	@$(BIN)/python -m bench $(ARGS)

docs: ## build the documentation into site/
	@$(PYTHON) tools/bootstrap.py docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site

clean: ## remove everything that make made
	rm -rf .venv .cache build dist site bench/results .hypothesis .coverage .coverage.* htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
