"""Keras in processes that are not as usual."""

import os
import subprocess
import sys

import keras
import pytest

from skface._keras import keras_settings

FORK = """
import os, sys
from skface import DenseHeadRegressor
from skface.exceptions import ForkError
X = [[0.0, 1.0]] * 4
head = DenseHeadRegressor(0, epochs=1, early_stopping=False)
if sys.argv[1] == "fitted":
    head.fit(X, X)
if os.fork() == 0:
    try:
        head.predict(X) if sys.argv[1] == "fitted" else head.fit(X, X)
    except ForkError as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
"""


def run(code, *arguments, **options):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        **options,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.parametrize("work", ["fitted", "loaded"])
def test_a_forked_process_is_told_the_cure_and_does_not_hang(work):
    told = run(FORK, work).stdout
    assert "was forked from one in which Keras was loaded" in told
    assert 'get_context("spawn")' in told


def test_a_fork_before_keras_is_loaded_uses_it():
    code = """
import os
import skface
if os.fork() == 0:
    print(skface.VGG19Features(None, input_size=32).__class__.__name__)
    from skface._keras import import_keras
    print(import_keras().__name__, flush=True)
    os._exit(0)
os.wait()
"""
    assert run(code).stdout.split() == ["VGG19Features", "keras"]


@pytest.mark.parametrize("closed", [False, True])
def test_a_process_without_stderr_trains_with_a_bar(closed):
    code = f"""
import os, sys
sys.stderr = None
if {closed}:
    os.close(2)
from skface import DenseHeadRegressor
X = [[0.0, 1.0]] * 4
head = DenseHeadRegressor(0, epochs=1, early_stopping=False, verbose=1).fit(X, X)
print(head.n_epochs_)
"""
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    assert run(code, env=environment).stdout.split() == ["1"]


def test_settings_come_back_when_the_last_has_done():
    keras.config.set_floatx("float64")
    try:
        with keras_settings():
            with keras_settings():
                assert keras.config.floatx() == "float32"
            assert keras.config.floatx() == "float32"
        assert keras.config.floatx() == "float64"
    finally:
        keras.config.set_floatx("float32")
