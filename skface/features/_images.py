"""What users pass as photos, in one form."""

import numpy as np

from skface.datasets import ImageArray
from skface.exceptions import InputError


def as_images(X, input_size):
    """X as an ImageArray of `input_size`, or as a uint8 array (n, h, w, 3).

    Parameters
    ----------
    X : ImageArray, array-like of shape (n, h, w, 3), or sequence of n paths
        A column of paths, as in a DataFrame, is a sequence too.
    input_size : (height, width)
        What files are decoded to.

    Raises
    ------
    InputError
        X is none of these, is empty, or its pixels are not in 0 to 255.
    """
    if not isinstance(X, ImageArray):
        X = _from_array_like(X, input_size)
    elif X.image_size != input_size:
        X = X.resized(input_size)
    if len(X) == 0:
        raise InputError("Found array with 0 sample(s): X holds no photo")
    return X


def _from_array_like(X, input_size):
    try:
        array = np.asarray(X)
    except ValueError as error:
        raise InputError(
            "X must hold photos of one size, or paths; photos of several sizes are "
            "best given as paths"
        ) from error
    if array.dtype.kind in "OUS" and array.shape[1:] in {(), (1,)} and array.ndim:
        return ImageArray(array.ravel(), input_size)
    if array.ndim != 4 or array.shape[-1] != 3:
        raise InputError(
            "X must be an ImageArray, an array of shape (n, height, width, 3), or a "
            f"sequence of paths; got shape {array.shape}"
            + (": one photo is X[np.newaxis]" if array.ndim == 3 else "")
        )
    if 0 in array.shape[1:3]:
        raise InputError(f"X holds photos without a pixel; got shape {array.shape}")
    return array if array.dtype == np.uint8 else _as_uint8(array)


def _as_uint8(array):
    if array.dtype.kind not in "iuf":
        raise InputError(f"pixels must be numbers in 0 to 255, got {array.dtype}")
    if not array.size:
        return array.astype(np.uint8)
    low, high = array.min(), array.max()
    if not (low >= 0 and high <= 255):
        raise InputError(f"pixels must lie in 0 to 255, got {low} to {high}")
    if array.dtype.kind == "f" and 0 < high <= 1:
        raise InputError(
            f"pixels must lie in 0 to 255, but X reaches only {high}: "
            "multiply it by 255"
        )
    return np.rint(array).astype(np.uint8)
