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

def try_in_a_fork(work):
    if os.fork() == 0:
        try:
            work()
        except ForkError as error:
            print(error, flush=True)
        os._exit(0)
    os.wait()

try_in_a_fork(lambda: head.fit(X, X))
head.fit(X, X)
try_in_a_fork(lambda: head.predict(X))
"""


def run(code, **options):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=300,  # a machine may be busy
        check=True,
        **options,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_process_is_told_the_cure_and_does_not_hang():
    told = run(FORK).stdout.splitlines()
    assert len(told) == 2  # of fit, and of predict after a fit
    for line in told:
        assert "was forked from one in which Keras was loaded" in line
        assert 'get_context("spawn")' in line


@pytest.mark.parametrize("closed", [False, True])
def test_a_fork_before_keras_is_loaded_trains_with_a_bar_and_no_stderr(closed):
    code = f"""
import os, sys
import skface
skface.VGG19Features(None, input_size=32)
if not hasattr(os, "fork") or os.fork() == 0:
    sys.stderr = None
    if {closed}:
        os.close(2)
    X = [[0.0, 1.0]] * 4
    head = skface.DenseHeadRegressor(0, epochs=1, early_stopping=False, verbose=1)
    print(head.fit(X, X).n_epochs_, flush=True)
    os._exit(0)
os.wait()
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
