"""Coordinates as pixels and as fractions of the photo."""

import numpy as np

from skface._validation import as_floats
from skface.exceptions import InputError

_MIRRORED_POINTS = [1, 0, 2, 4, 3]  # left eye for right, left mouth corner for right


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
        The shapes do not fit each other.

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


def mirrored(y) -> np.ndarray:
    """Coordinates on the mirror images of the photos.

    Parameters
    ----------
    y : array-like of shape (n_samples, 4) or (n_samples, 10)
        Boxes (x, y, width, height) or landmarks (x, y of left eye, right eye, nose,
        left and right mouth corner), as fractions of the photo's width and height.

    Returns
    -------
    ndarray of the same shape and dtype
        In landmarks left and right have changed places, so that the left eye is
        again the one further to the left.

    Raises
    ------
    InputError
        y has another number of columns, or values are no finite numbers.

    Examples
    --------
    >>> from skface.datasets import mirrored
    >>> mirrored([[0.25, 0.5, 0.125, 0.25]])
    array([[0.625, 0.5  , 0.125, 0.25 ]])
    """
    as_floats(y, "y")
    y = np.array(y)
    if y.ndim != 2 or y.shape[1] not in {4, 10}:
        raise InputError(
            "boxes of 4 columns or landmarks of 10 can be mirrored, got y of shape "
            f"{y.shape}"
        )
    if y.shape[1] == 4:
        y[:, 0] = 1 - y[:, 0] - y[:, 2]
        return y
    points = y.reshape(-1, 5, 2)[:, _MIRRORED_POINTS]
    points[..., 0] = 1 - points[..., 0]
    return points.reshape(y.shape)


def _checked(y, image_sizes):
    y = as_floats(y, "y")
    sizes = as_floats(image_sizes, "image_sizes")
    if y.ndim != 2 or y.shape[1] % 2:
        raise InputError(
            "coordinates must have the shape (n_samples, 2 * k), x before y, "
            f"got {y.shape}"
        )
    if sizes.shape not in {(2,), (len(y), 2)}:
        raise InputError(
            f"image_sizes must have the shape ({len(y)}, 2) or (2,), (width, height) "
            f"of each photo, got {sizes.shape}"
        )
    if not (sizes > 0).all():
        raise InputError("image_sizes must be positive")
    return y, np.tile(sizes, y.shape[1] // 2)
