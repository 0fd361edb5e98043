"""Keras, imported late and quietly."""

import contextlib
import os
import sys


def import_keras():
    """The keras module; TensorFlow, its default backend, is loaded here and not before.

    TensorFlow's greetings on the terminal are hidden unless ``TF_CPP_MIN_LOG_LEVEL`` is
    set.
    """
    if "keras" in sys.modules or "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        import keras

        return keras
    with _hidden_stderr():
        import keras

        # The search for a GPU, and what it says, happens at the first operation.
        keras.ops.zeros(())
    return keras


@contextlib.contextmanager
def _hidden_stderr():
    """The backends' C++ code writes to the descriptor, not to ``sys.stderr``."""
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
