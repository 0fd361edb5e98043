"""Coordinates as pixels and as fractions of the photo."""

import numpy as np

from skface._naming import names_of
from skface._validation import as_floats, as_sizes
from skface.exceptions import InputError

_AXES = {"x": 0, "width": 0, "y": 1, "height": 1}


def to_pixels(y, image_sizes) -> np.ndarray:
    """Turn fractions of the photo's width and height into pixels.

    Parameters
    ----------
    y : array-like of shape (n_samples, 2 * k)
        Boxes (x, y, width, height) or landmarks (x, y of each point), as fractions.
    image_sizes : array-like of shape (n_samples, 2) or (2,)
        (width, height) of each photo, or of all of them, in pixels: what
        ``load_bunch(...).image_sizes`` holds, and Pillow's ``Image.size``.

    Returns
    -------
    ndarray of shape (n_samples, 2 * k), float64
        Pixels.

    Raises
    ------
    InputError
        The shapes do not fit each other, values are not finite, or sizes not positive.

    Examples
    --------
    >>> from skface.datasets import to_pixels
    >>> to_pixels([[0.5, 0.25, 0.1, 0.5]], (200, 100))
    array([[100.,  25.,  20.,  50.]])
    """
    y, scale = _checked(y, image_sizes)
    return y * scale


def to_fractions(y, image_sizes) -> np.ndarray:
    """Turn pixels into fractions of the photo's width and height.

    Parameters
    ----------
    y : array-like of shape (n_samples, 2 * k)
        Boxes (x, y, width, height) or landmarks (x, y of each point), in pixels.
    image_sizes : array-like of shape (n_samples, 2) or (2,)
        (width, height) of each photo, or of all of them, in pixels.

    Returns
    -------
    ndarray of shape (n_samples, 2 * k), float32
        Fractions: what the heads learn.

    Raises
    ------
    InputError
        The shapes do not fit each other, values are not finite, or sizes not positive.

    See Also
    --------
    skface.to_pixels : The inverse.

    Examples
    --------
    >>> from skface.datasets import to_fractions
    >>> to_fractions([[100, 25, 20, 50]], (200, 100))
    array([[0.5 , 0.25, 0.1 , 0.5 ]], dtype=float32)
    """
    y, scale = _checked(y, image_sizes)
    return (y / scale).astype(np.float32)


def _checked(y, image_sizes):
    for column, name in enumerate(names_of(y) or []):
        axis = _AXES.get(name.rpartition("_")[2], column % 2)
        if axis != column % 2:
            raise InputError(f"column {column} of y is {name!r}: x comes before y")
    y = as_floats(y, "y")
    if y.ndim != 2 or y.shape[1] % 2:
        raise InputError(
            "coordinates must have the shape (n_samples, 2 * k), x before y, "
            f"got {y.shape}"
        )
    return y, np.tile(as_sizes(image_sizes, len(y)), y.shape[1] // 2)
