"""Losses and metrics that Keras has not.

Those of attributes find values, their weights as labels and their weights as
coordinates side by side in y_true, as `skface.heads._labels.packed` puts them. One of
the two weights is 0, or both are where a value is missing. The errors of coordinates
are squared.
"""

import math

from skface._keras import import_keras

keras = import_keras()

# Of coordinates that are fractions of the photo.
_HUBER_DELTA = 0.02
_WING_WIDTH, _WING_CURVATURE = 10 / 64, 2 / 64


def binary_crossentropy(y_true, y_pred):
    losses = keras.ops.binary_crossentropy(_split(y_true)[0], y_pred)
    return _weighted_mean(losses, y_true, y_pred)


def binary_focal_crossentropy(y_true, y_pred):
    """T.-Y. Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, gamma 2."""
    labels, *_ = _split(y_true)
    losses = keras.ops.binary_crossentropy(labels, y_pred)
    p_true = labels * y_pred + (1 - labels) * (1 - y_pred)
    losses = keras.ops.power(1.0 - p_true, 2.0) * losses
    return _weighted_mean(losses, y_true, y_pred)


def huber(y_true, y_pred):
    return keras.losses.huber(y_true, y_pred, delta=_HUBER_DELTA)


def wing(y_true, y_pred):
    """Z.-H. Feng et al., "Wing Loss for Robust Facial Landmark Localisation with
    Convolutional Neural Networks", CVPR 2018, equation 5."""
    errors = keras.ops.abs(y_true - y_pred)
    near = _WING_WIDTH * keras.ops.log(1 + errors / _WING_CURVATURE)
    step = _WING_WIDTH - _WING_WIDTH * math.log(1 + _WING_WIDTH / _WING_CURVATURE)
    losses = keras.ops.where(errors < _WING_WIDTH, near, errors - step)
    return keras.ops.mean(losses, axis=-1)


class BinaryAccuracy(keras.metrics.Mean):
    """Share of the labels that are right at one half."""

    def __init__(self):
        super().__init__(name="binary_accuracy")

    def update_state(self, y_true, y_pred, sample_weight=None):
        labels, weights, _ = _split(y_true)
        right = keras.ops.equal(labels > 0.5, y_pred > 0.5)
        there = keras.ops.cast(weights > 0, "float32")
        super().update_state(right, sample_weight=there)


LOSSES = {
    "binary_crossentropy": binary_crossentropy,
    "binary_focal_crossentropy": binary_focal_crossentropy,
    "huber": huber,
    "mean_absolute_error": keras.losses.mean_absolute_error,
    "mean_squared_error": keras.losses.mean_squared_error,
    "wing": wing,
}
METRICS = {
    "binary_accuracy": BinaryAccuracy,
    "mean_absolute_error": keras.metrics.MeanAbsoluteError,
}


def _weighted_mean(losses, y_true, y_pred):
    values, of_labels, of_coordinates = _split(y_true)
    errors = keras.ops.square(values - y_pred)
    return keras.ops.mean(of_labels * losses + of_coordinates * errors, axis=-1)


def _split(y_true):
    return keras.ops.split(y_true, 3, axis=-1)
