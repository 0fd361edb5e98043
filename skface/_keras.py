"""Keras, imported late and quietly."""

import contextlib
import os
import sys

# TensorFlow and JAX take most of a card at once, so that one process alone can use it.
_GPU_MEMORY_GROWTH = {
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}


def import_keras():
    """The keras module; TensorFlow, its default backend, is loaded here and not before.

    TensorFlow's greetings on the terminal are hidden unless ``TF_CPP_MIN_LOG_LEVEL`` is
    set. On a GPU memory is taken as it is needed, unless the backend's own variable
    says otherwise.
    """
    for name, value in _GPU_MEMORY_GROWTH.items():
        os.environ.setdefault(name, value)
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
