# Chores. `make help` lists them. Everything lands in .venv; nothing else on the machine is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check
CODE := assistant models server editor-lsp training tests bench
TEST_MODELS := smollm2-135m qwen2.5-coder-0.5b

.DEFAULT_GOAL := help
.PHONY: help chat test check bench format clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

chat: $(VENV)/runtime ## install the runtime, fetch the default model, open a conversation
	@$(BIN)/demiurgic models pull --default
	@$(BIN)/demiurgic

test: $(VENV)/dev ## install what the tests need, fetch the test models and editors, run the tests
	@$(BIN)/demiurgic models pull $(TEST_MODELS)
	@scripts/editors $(BIN)/python || echo "Some editors cannot be had here; their tests say which."
	@scripts/test $(BIN)/pytest

check: $(VENV)/dev ## format, lint, types, imports, tests: what CI runs
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(MAKE) test

bench: $(VENV)/dev ## measure against the peers, side by side
	@$(BIN)/demiurgic models pull $(TEST_MODELS) qwen2.5-coder-1.5b
	$(BIN)/python -m bench

format: $(VENV)/dev ## rewrite the code in the house's format
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

clean: ## remove the environment and all caches of this folder
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv $(VENV)

# llama.cpp is compiled on first use; scripts/install shows that it moves.
$(VENV)/runtime: $(BIN)/python pyproject.toml constraints.txt
	@scripts/install $(BIN)/python '.[llama,docker,mcp,eval,server,lsp,acp]'
	@touch $@

$(VENV)/dev: $(BIN)/python pyproject.toml constraints.txt
	@scripts/install $(BIN)/python '.[dev]'
	@touch $@ $(VENV)/runtime
