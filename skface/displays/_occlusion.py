"""A photo with a patch over a part of it."""

import numpy as np

from skface.exceptions import InputError, ParameterError
from skface.photos import ImageArray, as_image_size


def photo_row(X):
    """The photo as an ImageArray or array of length 1."""
    if not hasattr(X, "dtype"):
        X = ImageArray(X if isinstance(X, (list, tuple)) else [X])
    if X.dtype.kind in "OUS":
        X = ImageArray(np.ravel(X))
    row = X[np.newaxis] if X.ndim == 3 else X
    if row.ndim != 4 or row.shape[::3] != (1, 3) or row.dtype != np.uint8:
        raise InputError(
            "X must be one photo: a path, an array uint8 of shape (height, width, 3), "
            f"or a row X[i : i + 1] of photos; got {X.dtype} of shape {X.shape}"
        )
    return row


def one_photo(X):
    """The photo as an array (height, width, 3), uint8."""
    return np.asarray(photo_row(X)[0])


def fitting_size(value, name, image, divisor):
    """`value` as (height, width) in pixels, or a part of each side."""
    sides = image.shape[:2]
    if value is None:
        return tuple(max(1, round(side / divisor)) for side in sides)
    value = as_image_size(value, name)
    if value[0] > sides[0] or value[1] > sides[1]:
        raise ParameterError(
            f"{name}={value} is larger than the photo, which has {sides} pixels"
        )
    return value


def patch_places(sides, patch, cells):
    """What the patch hides around the middle of each cell: (n_rows, n_columns, 4), int.

    First and last row, first and last column, the last being excluded. All arguments
    are pairs (vertical, horizontal), `cells` being their number.
    """
    spans = []
    for side, length, n_cells in zip(sides, patch, cells, strict=True):
        middles = (np.arange(n_cells) + 0.5) * side / n_cells
        first = np.rint(middles - length / 2).astype(int)
        spans.append(np.clip([first, first + length], 0, side))
    (top, bottom), (left, right) = spans
    return np.stack(
        np.broadcast_arrays(top[:, None], bottom[:, None], left, right), axis=-1
    )


def occluded(image, places):
    """Copies of the photo, a part of each under its mean colour."""
    mean = np.rint(image.mean(axis=(0, 1))).astype(np.uint8)
    copies = np.repeat(image[np.newaxis], len(places), axis=0)
    for copy, (top, bottom, left, right) in zip(copies, places, strict=True):
        copy[top:bottom, left:right] = mean
    return copies
