"""The frozen network: VGG19 up to the layers wanted, from uint8 photos to rows."""

import math
import threading
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from skface._keras import import_keras, keras_settings
from skface.features._eight_bits import EightBitNetwork
from skface.features._layers import layers_up_to
from skface.features._weights import load_weights, replaced, weights_digest, width_of

_CAFFE_MEAN = (103.939, 116.779, 123.68)  # blue, green, red
_VERSION = 1  # of the features: raised when the same parameters give other rows
_EPSILON = 1e-12
_building = threading.Lock()


class Specification(NamedTuple):
    """What the features of a photo are, whoever computes them."""

    weights: str | None
    layers: tuple
    map_shapes: tuple  # (rows, columns, channels) of each layer after pooling
    pooling: str | tuple | None
    preprocessing: str
    normalize: str | None
    input_size: tuple

    @property
    def n_features(self):
        return sum(math.prod(shape) for shape in self.map_shapes)

    def as_parameters(self, compute_dtype):
        """All that tells these features from others, for the feature store."""
        return {
            **self._asdict(),
            "weights": weights_digest(self.weights),
            "mirror": False,  # which `Frames` tell
            "resize": "bilinear",
            "compute_dtype": compute_dtype,
            "n_features": self.n_features,
            "version": _VERSION,
        }


def get_network(specification, compute_dtype, digest=None):
    """The Keras model of a specification, built once in a process.

    Parameters
    ----------
    specification : Specification
    compute_dtype : {"float32", "bfloat16", "float16", "int8"}
    digest : str, default=None
        The `weights_digest` that the rows are kept under.

    Returns
    -------
    keras.Model or EightBitNetwork
        From uint8 photos of shape (n, height, width, 3) to float32 rows of shape
        (n, n_features).

    Raises
    ------
    WeightsError
        The weights cannot be had, are damaged, or are not those of the digest.
    """
    return _get((specification,), compute_dtype, digest)


def get_joint_network(specifications, compute_dtype, digest):
    """One Keras model for several specifications of the same photos and weights.

    Parameters
    ----------
    specifications : list of Specification
        Equal but for their layers, pooling and normalisation.
    compute_dtype : {"float32", "bfloat16", "float16", "int8"}
    digest : str
        As for `get_network`.

    Returns
    -------
    keras.Model or EightBitNetwork
        As from `get_network`; of two or more it gives a list of their rows.
    """
    return _get(tuple(specifications), compute_dtype, digest)


def get_map_network(weights, layer, compute_dtype):
    """A Keras model of one layer's map, for photos of any size, built once.

    Parameters
    ----------
    weights : "imagenet", "synthetic", path or None
    layer : str
    compute_dtype : {"float32", "bfloat16", "float16", "int8"}

    Returns
    -------
    keras.Model or EightBitNetwork
        From uint8 photos of shape (n, height, width, 3) to float32 maps of shape
        (n, rows, columns, channels).

    Raises
    ------
    WeightsError
        The weights cannot be had or are damaged.
    """
    import_keras()  # as in _get
    content = weights_digest(weights)
    with _building, keras_settings():
        return _build_for_any_size(weights, layer, compute_dtype, content)


def _get(specifications, compute_dtype, digest):
    import_keras()  # a forked process has a network and cannot run it
    weights = specifications[0].weights
    content = weights_digest(weights)
    if digest not in (None, content):
        raise replaced(weights)
    with _building, keras_settings():
        return _build(specifications, compute_dtype, content)


@lru_cache(maxsize=8)
def _build(specifications, compute_dtype, content):
    keras = import_keras()
    ops = keras.ops
    specification = specifications[0]
    photos = keras.Input((*specification.input_size, 3), dtype="uint8")
    if specification.preprocessing == "caffe":
        x = caffe(photos)
    else:
        x = ops.cast(photos, "float32") / 255.0
    names = [name for each in specifications for name in each.layers]
    maps = _maps(x, names, specification.weights, compute_dtype)
    rows = [_rows(maps, each) for each in specifications]
    network = keras.Model(photos, rows[0] if len(rows) == 1 else rows)
    network.trainable = False
    load_weights(network, specification.weights, content)
    if compute_dtype != "int8":
        return network
    wanted = [maps[name] for name in dict.fromkeys(names)]
    return EightBitNetwork(
        keras.Model(photos, wanted), keras.Model(wanted, network.outputs)
    )


@lru_cache(maxsize=8)
def _build_for_any_size(weights, layer, compute_dtype, content):
    keras = import_keras()
    photos = keras.Input((None, None, 3), dtype="uint8")
    maps = _maps(caffe(photos), [layer], weights, compute_dtype)
    network = keras.Model(photos, keras.ops.cast(maps[layer], "float32"))
    network.trainable = False
    load_weights(network, weights, content)
    return EightBitNetwork(network) if compute_dtype == "int8" else network


def _maps(x, names, weights, compute_dtype):
    """The maps of every layer that `names` need, from preprocessed photos."""
    keras, maps = import_keras(), {}
    options = {"dtype": dtype_policy(compute_dtype)}
    for layer in layers_up_to(names):
        if layer.is_pool:
            build = keras.layers.MaxPooling2D(2, name=layer.name, **options)
        else:
            build = keras.layers.Conv2D(
                int(layer.n_channels * width_of(weights)),
                3,
                padding="same",
                activation="relu",
                name=layer.name,
                **options,
            )
        x = maps[layer.name] = build(x)
    return maps


def _rows(maps, specification):
    """What a specification makes of the maps of the layers."""
    rows = [
        _normalized(_pooled(maps[name], specification.pooling), specification.normalize)
        for name in specification.layers
    ]
    if len(rows) == 1:
        return rows[0]
    scale = len(rows) ** -0.5 if specification.normalize else 1.0
    return import_keras().ops.concatenate(rows, axis=-1) * scale


def caffe(photos):
    """RGB photos as VGG19's ImageNet weights expect them: BGR, less the mean colour."""
    ops = import_keras().ops
    x = ops.flip(ops.cast(photos, "float32"), axis=-1)  # PyTorch has no steps of -1
    return x - np.array(_CAFFE_MEAN, dtype="float32")


def dtype_policy(compute_dtype):
    """Keras' policy by which a layer computes in a dtype and keeps float32 weights.

    8 bits are LiteRT's business, which rounds what Keras has in float32.
    """
    is_mixed = compute_dtype in ("bfloat16", "float16")
    return f"mixed_{compute_dtype}" if is_mixed else "float32"


def _pooled(x, pooling):
    """Maps (n, rows, columns, channels) to float32 rows."""
    ops = import_keras().ops
    x = ops.cast(x, "float32")
    if pooling == "max":
        return ops.max(x, axis=(1, 2))
    if pooling is not None:
        grid = (1, 1) if pooling == "avg" else pooling
        averages = [_averages(*sides) for sides in zip(grid, x.shape[1:3], strict=True)]
        x = ops.einsum("bhwc,gh,kw->bgkc", x, *averages)
    return ops.reshape(x, (-1, math.prod(x.shape[1:])))


def _averages(n_cells, n_pixels):
    """Matrix (n_cells, n_pixels) that averages nearly equal runs of pixels.

    The runs are those of PyTorch's AdaptiveAvgPool2d: they overlap by a pixel where
    n_cells does not divide n_pixels.
    """
    cells = np.arange(n_cells)[:, None]
    pixels = np.arange(n_pixels)
    start = cells * n_pixels // n_cells
    stop = -(-(cells + 1) * n_pixels // n_cells)
    inside = ((pixels >= start) & (pixels < stop)).astype("float32")
    return inside / inside.sum(axis=1, keepdims=True)


def _normalized(rows, normalize):
    ops = import_keras().ops
    if normalize is None:
        return rows
    if normalize == "sqrt_l2":
        rows = ops.sqrt(rows)
    norm = ops.sqrt(ops.sum(ops.square(rows), axis=-1, keepdims=True))
    return rows / ops.maximum(norm, _EPSILON)
