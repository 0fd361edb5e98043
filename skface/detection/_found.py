"""The faces that any detector finds in one photo."""

import numpy as np

from skface.exceptions import InputError
from skface.photos import ImageArray, read_photo

_LARGEST = 100  # times the photo, of a box


def faces_in(detector, images, row, size) -> np.ndarray:
    """The faces of one photo, the best first.

    Parameters
    ----------
    detector : estimator or callable
        As `skface.FaceReader` takes it.
    images : ImageArray or uint8 ndarray of shape (n, height, width, 3)
    row : int
    size : (width, height)
        Of the photo in pixels.

    Returns
    -------
    ndarray of shape (k, 5), float64
        x, y, width, height as fractions of the photo, and the score, NaN where the
        detector tells none. What is less than a pixel wide or high is no face.

    Raises
    ------
    InputError
        What the detector gave is no boxes of this photo.
    ImageError
        The photo cannot be read.
    """
    name = name_of(images, row)
    if not hasattr(detector, "predict"):
        found = _checked(detector(_pixels(images, row)), name, size)
        return _seen(found / [*size, *size, 1], size)
    of_each = detector.predict(images[[row]])
    if not hasattr(of_each, "__len__") or len(of_each) != 1:
        raise InputError(
            f"{name}: the detector's predict must give one array of boxes a photo, got "
            f"{_what(of_each)}"
        )
    return _seen(_checked(of_each[0], name, (1, 1)), size)


def name_of(images, row):
    """The path of a photo; of an array its row."""
    return images.paths[row] if isinstance(images, ImageArray) else row


def _pixels(images, row):
    if not isinstance(images, ImageArray):
        return images[row].copy()  # which a function may draw on
    with read_photo(images.paths[row]).upright() as photo:
        return np.array(photo)


def _checked(boxes, name, size):
    """Boxes with scores, the best first; `size` is what their units make a photo."""
    told = f"{name}: the detector must give boxes, an array of shape (k, 4) or (k, 5)"
    try:
        found = np.asarray(boxes, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{told}; got {_what(boxes)}") from None
    if found.ndim and not found.size:
        return np.empty((0, 5))
    if found.ndim != 2 or found.shape[1] not in {4, 5}:
        raise InputError(f"{told}, and [] where there is no face; got {_what(boxes)}")
    if found.shape[1] == 4:
        found = np.column_stack([found, np.full(len(found), np.nan)])
    places = found[:, :4]
    is_box = np.isfinite(places).all(axis=1) & (places[:, 2:] > 0).all(axis=1)
    is_box &= (places[:, :2] < size).all(axis=1)
    is_box &= (places[:, 2:] <= _LARGEST * np.array(size)).all(axis=1)
    is_box &= (places[:, :2] + places[:, 2:] > 0).all(axis=1)
    if not is_box.all():
        box = ", ".join(f"{value:g}" for value in places[is_box.argmin()])
        raise InputError(
            f"{name}: the detector gave the box {box}: x, y, width, height must be "
            f"finite, {_LARGEST} times as large as the photo at most, and with an area "
            f"in the photo of {size[0]} x {size[1]} "
            + ("pixels" if max(size) > 1 else "(fractions)")
        )
    if max(size) > 1 and (places[:, 2:] <= 1).all():
        raise InputError(
            f"{name}: no box of the detector is larger than a pixel: multiply "
            "fractions by the photo's width and height"
        )
    return found[np.argsort(-found[:, 4], kind="stable")]


def _seen(found, size):
    return found[(found[:, 2:4] * size >= 1).all(axis=1)]


def _what(value):
    shape = getattr(value, "shape", None)
    return type(value).__name__ if shape is None else f"the shape {shape}"
