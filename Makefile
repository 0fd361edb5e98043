# Everything runs in .venv, which is made where it is missing or setup.cfg changed.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: test lint types coverage demo docs pictures test-lowest clean

# Two processes, each of one thread: more would wait for one another on two cores. The
# tests of a file share what they fit, so they stay together.
PYTEST = -m pytest --numprocesses 2 --dist loadfile
test test-lowest: export TF_NUM_INTRAOP_THREADS = 1
test test-lowest: export TF_NUM_INTEROP_THREADS = 1
test test-lowest: export OMP_NUM_THREADS = 1

test: $(VENV)/ready
	$(BIN)/python $(PYTEST)

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The package, and tests/typed_use.py as the code of a user.
types: $(VENV)/ready
	$(BIN)/mypy

coverage: $(VENV)/ready
	$(BIN)/python -m coverage run -m pytest
	$(BIN)/python -m coverage report

demo: $(VENV)/ready
	$(BIN)/skface demo

# A warning, such as that of a link that leads nowhere, is an error.
docs: $(VENV)/ready-docs
	rm -rf docs/generated
	$(BIN)/sphinx-build --fail-on-warning --keep-going docs docs/_build/html

pictures: $(VENV)/ready-docs
	$(BIN)/python examples/plot_read_faces.py --output docs/images/drawn_faces.png

# The newest versions alone run the code of the pages, of the docstrings, of the command,
# of detectors and readers, of the survey's systems and in other processes, which use
# nothing that the other tests leave out; read docstrings and annotations, which are the
# same; and call everything carelessly, which our own checks refuse.
NEWEST_ALONE = readme demo cli docs types careless_calls cluster processes detection \
	reader adaptation alignment clusters committee comparison hidden_faces hiding specific

test-lowest: .venv-lowest/ready
	.venv-lowest/bin/python $(PYTEST) tests $(NEWEST_ALONE:%=--ignore tests/test_%.py)

$(VENV)/ready: setup.cfg
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[test]"
	touch $@

$(VENV)/ready-docs: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	touch $@

.venv-lowest/ready: setup.cfg tests/lowest.txt
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --editable ".[test]" --constraint tests/lowest.txt
	touch $@

clean:
	rm -rf $(VENV) .venv-lowest build *.egg-info
	rm -rf docs/_build docs/auto_examples docs/generated
