"""The Keras model of a head."""

from itertools import pairwise
from typing import NamedTuple, get_type_hints

import numpy as np
from sklearn.utils import gen_batches

from skface._keras import import_keras, keras_settings
from skface.exceptions import SavedFileError

_MOST = 2**17  # outputs, and units of a layer
_MOST_LAYERS = 1000
_POSSIBLE = {
    "n_features": lambda value: value > 0,
    "n_outputs": lambda value: 0 < value <= _MOST,
    "n_layers": lambda value: 0 <= value <= _MOST_LAYERS,
    "n_units": lambda value: 0 < value <= _MOST,
    "output_activation": lambda value: value in ("sigmoid", "linear"),
    "input_scale": lambda value: 0 < value < np.inf,
    "dropout": lambda value: 0 <= value < 1,
    "l2": lambda value: 0 <= value < np.inf,
}
_VECTOR = 16


class Architecture(NamedTuple):
    """What a head's network looks like."""

    n_features: int
    n_outputs: int
    n_layers: int
    n_units: int
    output_activation: str
    input_scale: float
    dropout: float
    l2: float

    @classmethod
    def checked(cls, fields):
        """The architecture of a dict from a file that anyone may have written.

        Raises
        ------
        SavedFileError
            It is none.
        """
        types = get_type_hints(cls)
        if fields.keys() != types.keys():
            raise SavedFileError(f"its network must have {', '.join(types)}")
        for name, value in fields.items():
            if type(value) is not types[name] or not _POSSIBLE[name](value):
                raise SavedFileError(f"its network cannot have {name}={value!r}")
        return cls(**fields)

    @property
    def weight_shapes(self):
        """Shapes of the kernel and the bias of each dense layer."""
        widths = [self.n_features, *[self.n_units] * self.n_layers, self.n_outputs]
        return [
            shape
            for n_in, n_out in pairwise(widths)
            for shape in [(n_in, n_out), (n_out,)]
        ]

    def build(self):
        """The Keras model, not compiled, with Keras' own random weights; float32."""
        with keras_settings():
            return self._build()

    def _build(self):
        layers, regularizers = import_keras().layers, import_keras().regularizers
        l2 = regularizers.L2(self.l2) if self.l2 else None
        network = [layers.Input((self.n_features,))]
        if self.input_scale != 1:
            network.append(layers.Rescaling(self.input_scale))
        for _ in range(self.n_layers):
            network.append(
                layers.Dense(self.n_units, activation="relu", kernel_regularizer=l2)
            )
            if self.dropout:
                network.append(layers.Dropout(self.dropout))
        network.append(
            layers.Dense(
                self.n_outputs,
                activation=self.output_activation,
                kernel_regularizer=l2,
            )
        )
        return import_keras().Sequential(network)

    def initial_weights(self, rng):
        """Fresh weights: uniform kernels and zero biases, Keras' own defaults.

        X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
        feedforward neural networks", AISTATS 2010, equation 16.
        """
        weights = []
        for shape in self.weight_shapes:
            if len(shape) == 2:
                limit = np.sqrt(6 / sum(shape))
                weight = rng.uniform(-limit, limit, shape)
            else:
                weight = np.zeros(shape)
            weights.append(weight.astype(np.float32))
        return weights


def forward(network, X, batch_size=1024):
    """Outputs of a head's network, float32; X is cast batch by batch."""
    outputs = [
        _padded_forward(network, np.asarray(X[batch], np.float32))
        for batch in gen_batches(len(X), batch_size)
    ]
    return np.concatenate(outputs)


def _padded_forward(network, x):
    # The last rows of a batch go through other instructions than those in full vector
    # registers, and come out a bit different: padding makes a row's outputs its own.
    padding = -len(x) % _VECTOR
    x = np.pad(x, [(0, padding), (0, 0)])
    outputs = import_keras().ops.convert_to_numpy(network(x))
    return outputs[: len(outputs) - padding]
