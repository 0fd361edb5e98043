"""Convolutions in 8 bits, by LiteRT."""

import contextlib
import io
import tempfile
import threading

from joblib import cpu_count

from skface._keras import hidden_stderr, import_keras


class EightBitNetwork:
    """A frozen network whose convolutions are computed in 8 bits on the processor.

    LiteRT's dynamic range quantisation: weights are rounded once, each channel by a
    scale of its own; what flows from one convolution to the next is rounded photo by
    photo, so that the rows of a photo do not depend on those beside it.

    Parameters
    ----------
    maps : keras.Model
        From uint8 photos to a list of maps.
    rows : keras.Model, default=None
        What is made of the maps; None gives the first of them.

    Raises
    ------
    ImportError
        LiteRT is not installed, or Keras does not run on TensorFlow.
    """

    def __init__(self, maps, rows=None):
        self._rows = rows
        self._lock = threading.Lock()
        interpreter = _import_interpreter()
        # Keras, the converter and XNNPACK tell what they do.
        with hidden_stderr(), contextlib.redirect_stdout(io.StringIO()):
            network = interpreter(
                model_content=_converted(maps), num_threads=cpu_count()
            )
            network.allocate_tensors()
        self._run = network.get_signature_runner()
        (self._photos,) = self._run.get_input_details()

    def predict_on_batch(self, photos):
        """Rows, or maps, of uint8 photos of shape (n, height, width, 3)."""
        with self._lock:
            found = self._run(**{self._photos: photos})
        maps = [found[f"output_{i}"] for i in range(len(found))]
        return maps[0] if self._rows is None else self._rows.predict_on_batch(maps)


def _import_interpreter():
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ImportError(
            "compute_dtype='int8' needs LiteRT: pip install \"skface[int8]\""
        ) from error
    if import_keras().backend.backend() != "tensorflow":
        raise ImportError(
            "compute_dtype='int8' needs Keras on TensorFlow: unset KERAS_BACKEND"
        )
    return Interpreter


def _converted(maps):
    """The network as LiteRT reads it, its weights in 8 bits."""
    import tensorflow

    with tempfile.TemporaryDirectory() as folder:
        maps.export(folder, verbose=False)
        converter = tensorflow.lite.TFLiteConverter.from_saved_model(folder)
        converter.experimental_enable_resource_variables = False  # weights as constants
        converter.optimizations = [tensorflow.lite.Optimize.DEFAULT]
        return converter.convert()
