"""Boxes of several faces a photo: x, y, width, height, as fractions of it."""

import numpy as np

from skface._validation import MOST_FRACTION, as_floats
from skface.exceptions import InputError


def as_boxes(values, name, n_columns):
    """Boxes of each photo as a list of float arrays of so many columns.

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


def overlaps(boxes, others) -> np.ndarray:
    """Intersection over union of each box with each of the others.

    Parameters
    ----------
    boxes, others : ndarray of shape (n, 4) and (m, 4)

    Returns
    -------
    ndarray of shape (n, m)
    """
    near = np.maximum(boxes[:, None, :2], others[None, :, :2])
    far = np.minimum(
        (boxes[:, :2] + boxes[:, 2:4])[:, None], (others[:, :2] + others[:, 2:4])[None]
    )
    shared = np.clip(far - near, 0, None).prod(axis=2)
    union = boxes[:, None, 2:4].prod(axis=2) + others[None, :, 2:4].prod(axis=2)
    union = union - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
