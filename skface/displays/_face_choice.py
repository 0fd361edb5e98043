"""Which photos are shown, and what is told about each."""

from numbers import Integral

import numpy as np
from sklearn.base import is_classifier

from skface._validation import as_array, as_floats
from skface.displays._styling import presence, target_kind
from skface.exceptions import InputError, ParameterError
from skface.metrics import iou_score, nme_score
from skface.photos import ImageArray

_ORDERS = (None, "worst", "best")


def as_images(X):
    """X as an ImageArray or an array of photos, which is told by its dtype."""
    if isinstance(X, ImageArray) or (hasattr(X, "dtype") and X.dtype.kind not in "OUS"):
        images = X
    elif isinstance(X, (str, bytes)) or not hasattr(X, "__len__"):
        raise InputError("X must be an ImageArray, an array of photos, or paths")
    else:
        images = ImageArray(X)
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        raise InputError(
            "X must be photos, uint8 of shape (n, height, width, 3), got "
            f"{images.dtype} of shape {images.shape}"
        )
    return images


def check_choice(n_faces, order, truth):
    """`truth` is that of the first target, by which photos are ordered."""
    if not isinstance(n_faces, Integral) or n_faces < 1:
        raise ParameterError(f"n_faces must be a positive integer, got {n_faces!r}")
    if order not in _ORDERS:
        raise ParameterError(f"order must be in {_ORDERS}, got {order!r}")
    if order is not None and truth is None:
        raise ParameterError(f"order={order!r} needs the truth of the first target")


def check_sizes(image_sizes, n_images):
    """`image_sizes` are one for all photos, or one for each."""
    if image_sizes is None:
        return
    sizes = as_floats(image_sizes, "image_sizes")
    if sizes.shape not in {(2,), (n_images, 2)} or not sizes.min() > 0:
        raise InputError(
            f"image_sizes must be (width, height) in pixels, of the shape "
            f"({n_images}, 2) or (2,), got the shape {sizes.shape}"
        )


def aspects_of(images, image_sizes):
    """Height over width of each photo."""
    if image_sizes is None:
        height, width = images.shape[1:3]
        return np.full(len(images), height / width)
    check_sizes(image_sizes, len(images))
    sizes = np.broadcast_to(image_sizes, (len(images), 2))
    return sizes[:, 1] / sizes[:, 0]


def checked_parts(parts, n_images):
    """Those of the parts of a FacesDisplay that were given, as arrays."""
    if not n_images:
        raise InputError("there is no photo to show")
    given = {
        name: as_array(value, name)
        for name, value in parts.items()
        if value is not None
    }
    for name, value in given.items():
        if value.ndim != 2 or len(value) != n_images:
            raise InputError(
                f"{name} must have one row for each of the {n_images} photos, got the "
                f"shape {value.shape}"
            )
        if not name.endswith("attributes"):
            _check_fractions(name, value)
    return given


def predicted(estimator, X, y):
    """Kind, predictions and truth of one estimator."""
    if not is_classifier(estimator):
        return paired(np.asarray(estimator.predict(X)), y)
    found = presence(estimator, X)
    if found is None:
        found = np.asarray(estimator.predict(X)).reshape(len(X), -1)
    if y is not None:
        y = as_array(y, "y")
        if y.ndim == 1:
            y = (y == estimator.classes_[1])[:, None]
    return "attributes", found, y


def paired(y_pred, y_true):
    """Kind, predictions and truth of predictions made before."""
    kind = target_kind(y_pred, "y_pred")
    if y_true is not None:
        y_true = as_array(y_true, "the truth")
        if y_true.shape != y_pred.shape:
            raise InputError(
                f"y_pred has the shape {y_pred.shape}, the truth {y_true.shape}"
            )
    return kind, y_pred, y_true


def rows(values, index):
    """Some rows; None, and one size for all photos, stay."""
    if values is None or np.ndim(values) < 2:
        return values
    return np.asarray(values)[index]


def chosen(images, targets, n_faces, order, image_sizes):
    """The photos that come first, and their part of everything.

    Parameters
    ----------
    images : ImageArray or ndarray of shape (n, height, width, 3)
    targets : list of (kind, predictions, truth or None)
    n_faces : int
    order : {None, "worst", "best"}
    image_sizes : array-like of shape (n, 2) or (2,), or None

    Returns
    -------
    dict
        Arguments of a FacesDisplay.
    """
    parts, labels, ranks = {}, [], None
    for kind, y_pred, y_true in targets:
        if kind in parts:
            raise InputError(f"two targets hold {kind}: give one of each kind")
        if len(y_pred) != len(images):
            raise InputError(f"{len(y_pred)} rows of {kind}, {len(images)} photos")
        parts[kind], parts[f"true_{kind}"] = y_pred, y_true
        if y_true is not None:
            scores, texts = _scored(kind, y_true, y_pred, image_sizes)
            labels.append(texts)
            ranks = scores if ranks is None else ranks
    index = np.arange(len(images))
    if order is not None:
        index = np.argsort(ranks if order == "worst" else -ranks, kind="stable")
    index = index[:n_faces]
    titles = [" · ".join(texts[i] for texts in labels) for i in index]
    if len(labels) > 1:  # or they reach into the next photo
        titles = [title.removesuffix(" right") for title in titles]
    return {
        "images": images[index],
        **{kind: rows(part, index) for kind, part in parts.items()},
        "titles": titles if labels else None,
        "image_sizes": rows(image_sizes, index),
        "index": index,
    }


def _scored(kind, y_true, y_pred, image_sizes):
    """Score of each photo, higher being better, and what to write about it."""
    if kind == "boxes":
        scores = iou_score(y_true, y_pred, average=False)
        return scores, [f"IoU {score:.2f}" for score in scores]
    if kind == "landmarks":
        errors = nme_score(y_true, y_pred, image_sizes=image_sizes, average=False)
        return -errors, [f"NME {100 * error:.1f} %" for error in errors]
    right = ((y_pred > 0.5) == (y_true == 1)).sum(axis=1)
    return right, [f"{n}/{y_true.shape[1]} right" for n in right]


def _check_fractions(name, value):
    if not np.isfinite(value).all() or np.abs(value).max() > 4:
        raise InputError(
            f"{name} must be fractions of the photo's width and height, got values "
            f"from {value.min():g} to {value.max():g}; skface.datasets.to_fractions "
            "turns pixels into them"
        )
