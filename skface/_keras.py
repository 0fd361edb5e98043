"""Keras, imported late and quietly."""

import os


def import_keras():
    """The keras module; TensorFlow, its default backend, is loaded here and not before.

    TensorFlow's start-up messages are silenced unless ``TF_CPP_MIN_LOG_LEVEL`` is set.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    return keras
