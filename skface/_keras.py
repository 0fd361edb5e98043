"""Keras, imported late and quietly, under its own settings."""

import contextlib
import logging
import os
import sys
import threading

from skface.exceptions import ForkError

# TensorFlow and JAX take most of a card at once, so that one process alone can use it.
_GPU_MEMORY_GROWTH = {
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}
# What Keras is delivered with; of a process, but for the policy, which each thread has.
_SETTINGS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
_POLICY = "float32"
_borrowing = threading.Lock()
_n_borrowers = 0
_set_aside = {}
_thread = threading.local()
_is_forked = False
_hiding = threading.RLock()


def import_keras():
    """The keras module; TensorFlow, its default backend, is loaded here and not before.

    TensorFlow's greetings on the terminal are hidden unless ``TF_CPP_MIN_LOG_LEVEL`` is
    set. On a GPU memory is taken as it is needed, unless the backend's own variable
    says otherwise.

    Raises
    ------
    ForkError
        This process was forked from one that had loaded Keras, whose threads it has
        not got: TensorFlow would wait for them for ever.
    """
    if _is_forked:
        raise ForkError(
            "this process was forked from one in which Keras was loaded, and Keras "
            'cannot run in it: start processes by multiprocessing.get_context("spawn") '
            "or joblib (n_jobs), or load and use skface in the child alone"
        )
    for name, value in _GPU_MEMORY_GROWTH.items():
        os.environ.setdefault(name, value)
    if "keras" in sys.modules or "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        import keras

        return keras
    with hidden_stderr():
        import keras

        # The search for a GPU, and what it says, happens at the first operation.
        keras.ops.zeros(())
    return keras


@contextlib.contextmanager
def keras_settings():
    """Keras' own settings, whatever somebody has set; theirs come back.

    Networks are built and run within: losses, metrics and optimizers take the floats
    that are set and not those that they are told. TensorFlow's warning that networks of
    several shapes are traced one by one is kept from the terminal meanwhile.
    """
    global _n_borrowers
    config = import_keras().config
    policy = config.dtype_policy()
    with _borrowing:
        if not _n_borrowers:
            _set_aside.update({name: getattr(config, name)() for name in _SETTINGS})
            _set(config, _SETTINGS)
        _n_borrowers += 1
    config.set_dtype_policy(_POLICY)
    logging.getLogger("tensorflow").addFilter(_is_wanted)
    _thread.n_contexts = getattr(_thread, "n_contexts", 0) + 1
    try:
        yield
    finally:
        _thread.n_contexts -= 1
        config.set_dtype_policy(policy)
        with _borrowing:
            _n_borrowers -= 1
            if not _n_borrowers:
                _set(config, _set_aside)


def _set(config, settings):
    for name, value in settings.items():
        getattr(config, f"set_{name}")(value)


def _is_wanted(record):
    is_ours = getattr(_thread, "n_contexts", 0) > 0
    return not (is_ours and "tf.function retracing" in record.getMessage())


def _mark_child():
    global _is_forked
    _is_forked = "keras" in sys.modules


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_mark_child)


@contextlib.contextmanager
def hidden_stderr():
    """The backends' C++ code writes to the descriptor, not to ``sys.stderr``."""
    if sys.stderr is not None:
        sys.stderr.flush()
    with _hiding:  # or a second thread would take /dev/null for the terminal
        try:
            terminal = os.dup(2)
        except OSError:  # a process without a terminal may have closed it
            yield
            return
        try:
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
