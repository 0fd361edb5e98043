"""Boxes of several faces a photo: x, y, width, height, as fractions of it."""

import numpy as np

from skface._naming import ordered
from skface._validation import MOST_FRACTION, as_floats
from skface.exceptions import InputError

BBOX_NAMES = ("x", "y", "width", "height")


def as_boxes(values, name, n_columns):
    """Boxes of each photo as a list of float arrays of so many columns.

    Those of a DataFrame are found by their names.

    Raises
    ------
    InputError
        They are no such arrays, or pixels.
    """
    is_table = hasattr(values, "columns") or isinstance(values, str | bytes)
    if is_table or not hasattr(values, "__len__"):
        raise InputError(f"{name} must be a sequence of arrays, one a photo")
    boxes = []
    for row, value in enumerate(values):
        columns = (*BBOX_NAMES, "score")[:n_columns]
        value = ordered(value, columns, f"{name}[{row}]")
        value = as_floats(value, f"{name}[{row}]")
        if value.size == 0:
            value = np.empty((0, n_columns))
        if value.ndim != 2 or value.shape[1] != n_columns:
            told = ", score" * (n_columns == 5)
            raise InputError(
                f"{name}[{row}] must have the shape (n_faces, {n_columns}): x, y, "
                f"width, height{told}; got {value.shape}"
            )
        if np.abs(value[:, :4]).max(initial=0) > MOST_FRACTION:
            raise InputError(
                f"{name}[{row}] must hold fractions of the photo's width and height, "
                f"got values up to {np.abs(value[:, :4]).max():g}; "
                "skface.datasets.to_fractions turns pixels into them"
            )
        boxes.append(value)
    return boxes


def ious(boxes, others) -> np.ndarray:
    """Intersection over union of boxes, of which those without area have 0.

    Parameters
    ----------
    boxes, others : ndarray of shape (..., 4)
        Of shapes that NumPy broadcasts.

    Returns
    -------
    ndarray of shape (...,)
    """
    sides, other_sides = (np.clip(y[..., 2:4], 0, None) for y in (boxes, others))
    near = np.maximum(boxes[..., :2], others[..., :2])
    far = np.minimum(boxes[..., :2] + sides, others[..., :2] + other_sides)
    shared = np.clip(far - near, 0, None).prod(axis=-1)
    union = sides.prod(axis=-1) + other_sides.prod(axis=-1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
