"""Block 5 of VGG19 in front of the dense layers, which learns with them."""

from math import isqrt

import numpy as np

from skface._keras import import_keras, keras_settings
from skface.exceptions import InputError
from skface.features import (
    dtype_policy,
    expanded,
    fastest_dtype,
    load_weights,
    weights_digest,
    width_of,
)

N_CONVOLUTIONS = 4
_N_LOOKED_AT = 16
_OFFSET = 0.01  # keeps the slope of a square root finite where nothing is seen


def n_channels_of(weights):
    """Of the maps that block 5 of these weights reads, and of those that it gives."""
    return int(512 * width_of(weights))


def side_of(n_features, n_channels):
    """Cells a side of a flat map.

    Raises
    ------
    InputError
        Rows of `n_features` are no square maps of so many channels.
    """
    side = isqrt(n_features // n_channels)
    if side < 2 or side**2 * n_channels != n_features:
        raise InputError(
            f"X has {n_features} features, but tail reads square maps of {n_channels} "
            "channels: take VGG19Features(layer='block4_pool') with pooling=None, "
            "normalize=None and as high an input_size as wide"
        )
    return side


def check_maps(X, n_channels):
    """Raise an InputError where rows are no maps as VGG19 gives them."""
    side_of(X.shape[1], n_channels)
    if np.max(np.asarray(X[:_N_LOOKED_AT])) <= 1:
        raise InputError(
            "no value of X is above 1, but tail reads maps as VGG19 gives them, not "
            "scaled: take VGG19Features(layer='block4_pool') with normalize=None"
        )


def tail_weights(weights):
    """The kernel and the bias of each convolution of block 5, as they were trained.

    Raises
    ------
    WeightsError
        As from `skface.VGG19Features`.
    """
    keras, weights = import_keras(), expanded(weights)
    with keras_settings():
        maps = keras.Input((None, None, n_channels_of(weights)))
        network = keras.Model(maps, _block5(maps, "float32"))
        load_weights(network, weights, weights_digest(weights))
    return network.get_weights()


def tail_rows(x, n_channels):
    """What the dense layers read: of block 4 and of block 5 cells of 2 x 2, as
    `normalize="sqrt_l2"` scales them.
    """
    keras = import_keras()
    side = side_of(x.shape[-1], n_channels)
    maps = keras.layers.Reshape((side, side, n_channels))(x)
    both = [_pooled(maps), _pooled(_block5(maps, dtype_policy(fastest_dtype())))]
    return keras.ops.concatenate(both, axis=-1) * 2**-0.5


def _block5(maps, policy):
    layers = import_keras().layers
    for number in range(1, N_CONVOLUTIONS + 1):
        maps = layers.Conv2D(
            maps.shape[-1],
            3,
            padding="same",
            activation="relu",
            name=f"block5_conv{number}",
            dtype=policy,
        )(maps)
    return maps


def _pooled(maps):
    keras = import_keras()
    ops = keras.ops
    cells = keras.layers.AveragePooling2D(2)(ops.cast(maps, "float32"))
    rows = ops.sqrt(keras.layers.Flatten()(cells) + _OFFSET) - _OFFSET**0.5
    square = ops.sum(ops.square(rows), axis=-1, keepdims=True)
    return rows * ops.rsqrt(square + 1e-12)
