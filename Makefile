# Everything runs in .venv, which is made where it is missing or setup.cfg changed.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: test lint demo test-lowest clean

test: $(VENV)/ready
	$(BIN)/python -m pytest

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

demo: $(VENV)/ready
	$(BIN)/skface demo

test-lowest: .venv-lowest/ready
	.venv-lowest/bin/python -m pytest

$(VENV)/ready: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

.venv-lowest/ready: setup.cfg tests/lowest.txt
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --editable ".[test]" --constraint tests/lowest.txt
	touch $@

clean:
	rm -rf $(VENV) .venv-lowest build *.egg-info
