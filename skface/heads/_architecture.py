"""The Keras model of a head."""

from itertools import pairwise
from typing import NamedTuple, get_type_hints

import numpy as np
from sklearn.utils import gen_batches

from skface._keras import import_keras, keras_settings
from skface.exceptions import InputError, SavedFileError
from skface.heads._tail import N_CONVOLUTIONS, side_of, tail_rows

_MOST = 2**17  # outputs, and units of a layer
_MOST_VALUES = 2**25  # of the rows that go through a network at once
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
    "tail_channels": lambda value: 0 <= value <= 512,
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
    tail_channels: int = 0  # of the maps that a tail reads; 0 has none

    @classmethod
    def checked(cls, fields):
        """The architecture of a dict from a file that anyone may have written.

        Raises
        ------
        SavedFileError
            It is none.
        """
        types = get_type_hints(cls)
        fields = {**cls._field_defaults, **fields}
        if fields.keys() != types.keys():
            raise SavedFileError(f"its network must have {', '.join(types)}")
        for name, value in fields.items():
            if type(value) is not types[name] or not _POSSIBLE[name](value):
                raise SavedFileError(f"its network cannot have {name}={value!r}")
        architecture = cls(**fields)
        try:
            _ = architecture.n_inputs
        except InputError as error:
            raise SavedFileError(f"its network cannot be: {error}") from error
        return architecture

    @property
    def n_inputs(self):
        """Of the dense layers."""
        if not self.tail_channels:
            return self.n_features
        side = side_of(self.n_features, self.tail_channels)
        return 2 * self.tail_channels * (side // 2) ** 2

    @property
    def weight_shapes(self):
        """Shapes of the kernel and the bias of each layer, those of a tail first."""
        n_channels = self.tail_channels
        tail = [(3, 3, n_channels, n_channels), (n_channels,)] * N_CONVOLUTIONS
        return [*(tail if n_channels else []), *self._dense_shapes]

    @property
    def _dense_shapes(self):
        widths = [self.n_inputs, *[self.n_units] * self.n_layers, self.n_outputs]
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
        rows = x = import_keras().Input((self.n_features,))
        if self.tail_channels:
            x = tail_rows(x, self.tail_channels)
        if self.input_scale != 1:
            x = layers.Rescaling(self.input_scale)(x)
        if self.tail_channels and self.dropout:
            x = layers.Dropout(self.dropout)(x)
        for _ in range(self.n_layers):
            x = layers.Dense(self.n_units, activation="relu", kernel_regularizer=l2)(x)
            if self.dropout:
                x = layers.Dropout(self.dropout)(x)
        output = layers.Dense(
            self.n_outputs, activation=self.output_activation, kernel_regularizer=l2
        )
        return import_keras().Model(rows, output(x))

    def initial_weights(self, rng):
        """Fresh dense layers: uniform kernels and zero biases, Keras' own defaults.

        X. Glorot and Y. Bengio, "Understanding the difficulty of training deep
        feedforward neural networks", AISTATS 2010, equation 16.
        """
        weights = []
        for shape in self._dense_shapes:
            if len(shape) == 2:
                limit = np.sqrt(6 / sum(shape))
                weight = rng.uniform(-limit, limit, shape)
            else:
                weight = np.zeros(shape)
            weights.append(weight.astype(np.float32))
        return weights


def batches_of(n, n_features):
    """Slices of rows that go through a network together."""
    return gen_batches(n, min(1024, max(_VECTOR, _MOST_VALUES // n_features)))


def forward(network, X):
    """Outputs of a head's network, float32; X is cast batch by batch."""
    outputs = [
        _padded_forward(network, np.asarray(X[batch], np.float32))
        for batch in batches_of(*X.shape)
    ]
    return np.concatenate(outputs)


def _padded_forward(network, x):
    # The last rows of a batch go through other instructions than those in full vector
    # registers, and come out a bit different: padding makes a row's outputs its own.
    padding = -len(x) % _VECTOR
    x = np.pad(x, [(0, padding), (0, 0)])
    outputs = import_keras().ops.convert_to_numpy(network(x))
    return outputs[: len(outputs) - padding]
