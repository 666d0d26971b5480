.DEFAULT_GOAL := help
export RASA_TELEMETRY_ENABLED = false
BIN := .venv/bin

.PHONY: help setup setup-test run test check format bench train serve

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

setup: ## Make both Python environments
	@scripts/setup

setup-test:
	@scripts/setup --test

run: setup ## Everything on this machine, with phones to try it
	@$(BIN)/hearth demo

train: setup ## Train Rasa when its data changed
	@$(BIN)/hearth train

serve: setup ## The gateway alone
	@$(BIN)/hearth serve

test: setup-test ## All tests, in both environments
	@scripts/test

check: setup-test ## Lint, types, translations
	@scripts/check

format: setup-test ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup-test ## Measure, beside stock Rasa, and write docs/benchmarks.md
	@$(BIN)/python -m bench.run
