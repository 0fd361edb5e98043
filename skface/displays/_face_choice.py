"""Which photos are shown, and what is told about each."""

from typing import NamedTuple

import numpy as np

from skface._naming import names_of, names_told_by, ordered
from skface._validation import MOST_FRACTION, as_array, as_sizes, shown
from skface.displays._styling import check_number
from skface.evaluation import presence, target_names
from skface.exceptions import InputError, ParameterError
from skface.photos import Frames, ImageArray
from skface.targets import (
    ATTRIBUTES,
    BBOX,
    LANDMARKS,
    Target,
    as_target,
    by_name,
    guessed,
    target_of,
)

_ORDERS = (None, "worst", "best")


class Found(NamedTuple):
    """What was found of one target."""

    target: Target
    y_pred: np.ndarray
    y_true: np.ndarray | None
    names: list | None  # of the columns, where somebody told them

    def parts(self):
        """The same of each simple target, as a list."""
        found = self.target.parts(self.y_pred)
        names = true = [(None, None)] * len(found)
        if self.names is not None:
            parts = self.target.parts(np.array([self.names]))
            names = [(part, own[0].tolist()) for part, own in parts]
        if self.y_true is not None:
            true = self.target.parts(self.y_true)
        return [
            Found(target, y_pred, y_true, own)
            for (target, y_pred), (_, y_true), (_, own) in zip(
                found, true, names, strict=True
            )
        ]


def of_each(given, truth, target, several, what):
    """Lists of what was given, of the truth about each, and of its target.

    Parameters
    ----------
    given : object, or list of them where there are `several`
    truth : array-like, list of them, or None
    target : as for `as_target`, list of them, or None
    several : bool
    what : str
        For the error's text, of what is given and of the truth.
    """
    if not several:
        return [given], [truth], [target]
    truths = [None] * len(given) if truth is None else list(truth)
    if len(truths) != len(given):
        raise InputError(what.format(len(given), len(truths)))
    return list(given), truths, _as_several(target, len(given))


def check_choice(n_faces, order, truth, image_sizes, frames, n_images):
    """`truth` is that of the first target, by which photos are ordered."""
    check_number(n_faces, "n_faces")
    if order not in _ORDERS:
        raise ParameterError(f"order must be in {_ORDERS}, got {order!r}")
    if order is not None and truth is None:
        raise ParameterError(f"order={order!r} needs the truth of the first target")
    if image_sizes is not None:
        as_sizes(image_sizes, n_images)
    check_frames(frames, n_images)


def check_frames(frames, n_images):
    """`frames` are one for each photo."""
    if frames is not None and not (
        isinstance(frames, Frames) and len(frames) == n_images
    ):
        raise InputError(
            f"frames must be Frames, one for each of {n_images} photos, got "
            f"{shown(frames)}"
        )


def aspects_of(images, image_sizes):
    """Height over width of each photo."""
    if image_sizes is None:
        height, width = images.shape[1:3]
        return np.full(len(images), height / width)
    width, height = as_sizes(image_sizes, len(images)).T
    return height / width


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
        _CHECKS[name.removeprefix("true_")](value, name)
    return given


def _as_several(target, n_given):
    """A target for each of the arrays or estimators that were given in a list."""
    if target is None:
        return [None] * n_given
    if not isinstance(target, list | tuple) or len(target) != n_given:
        raise ParameterError(
            f"target must be a list of {n_given} targets, one for each of what is "
            f"listed, got {target!r}"
        )
    return target


def predicted(estimator, X, y, target):
    """What one estimator finds."""
    found = presence(estimator, X)
    if found is None:
        found = np.asarray(estimator.predict(X))
        found = found[:, None] if found.ndim == 1 else found
    target = target_of(estimator, target, found)
    if y is not None:
        y = as_array(by_name(estimator, y, "y", target), "y")
        if y.ndim == 1 and not target.is_coordinates:
            y = (y == estimator.classes_[1])[:, None]
    return _paired(target, found, y, names_told_by(estimator))


def paired(y_pred, y_true, target):
    """What was found before."""
    target = guessed(y_pred) if target is None else as_target(target)
    y_pred, y_true = target.arranged(y_pred), target.arranged(y_true)
    told = names_of(y_pred) or names_of(y_true)
    y_pred, y_true = as_array(y_pred, "y_pred"), ordered(y_true, told, "the truth")
    return _paired(target, y_pred, y_true, told)


def _paired(target, y_pred, y_true, names):
    if y_pred.ndim != 2 or not y_pred.size:
        raise InputError(
            f"y_pred must have the shape (n_samples, n_targets), got {y_pred.shape}"
        )
    target.checked(y_pred, "y_pred")
    if y_true is not None:
        y_true = as_array(y_true, "the truth")
        if y_true.shape != y_pred.shape:
            raise InputError(
                f"y_pred has the shape {y_pred.shape}, the truth {y_true.shape}"
            )
    return Found(target, y_pred, y_true, names)


def rows(values, index):
    """Some rows; None, and one size for all photos, stay."""
    if values is None or np.ndim(values) < 2:
        return values
    return np.asarray(values)[index]


def chosen(images, found, n_faces, order, names, image_sizes, frames):
    """The photos that come first, and their part of everything.

    Parameters
    ----------
    images : ImageArray or ndarray of shape (n, height, width, 3)
    found : list of Found
    n_faces : int
    order : {None, "worst", "best"}
    names : sequence of str, or None
        Of the attributes; those of what was found without it.
    image_sizes : array-like of shape (n, 2) or (2,), or None
        (width, height) of the photos in pixels.
    frames : Frames, or None
        Those of the photos without it.

    Returns
    -------
    dict
        Arguments of a FacesDisplay.
    """
    parts, columns, labels, ranks = {}, {}, [], None
    for target, y_pred, y_true, own in (p for each in found for p in each.parts()):
        kind = target.plural
        if kind in parts:
            raise InputError(f"two targets hold {kind}: give one of each kind")
        if len(y_pred) != len(images):
            raise InputError(f"{len(y_pred)} rows of {kind}, {len(images)} photos")
        parts[kind], parts[f"true_{kind}"], columns[kind] = y_pred, y_true, own
        if y_true is not None:
            scores = target.scores(y_true, y_pred, image_sizes)
            n_known = (y_true == y_true).sum(axis=1)  # without NaN
            labels.append(list(map(target.told, scores, n_known)))
            ranks = scores if ranks is None else ranks
    kind = ATTRIBUTES.plural
    if kind in parts:
        names = target_names(columns[kind], ATTRIBUTES, parts[kind].shape[1], names)
    index = np.arange(len(images))
    if order is not None:
        index = np.argsort(ranks if order == "worst" else -ranks, kind="stable")
    index = index[:n_faces]
    titles = [" · ".join(texts[i] for texts in labels) for i in index]
    if len(labels) > 1:  # or they reach into the next photo
        titles = [title.removesuffix(" right") for title in titles]
    images = images[index]
    if frames is not None:
        frames = frames[index]
    elif isinstance(images, ImageArray) and images.is_framed:
        frames = images.frames
    if isinstance(images, ImageArray):  # what is found are fractions of the whole
        images = ImageArray(images.paths, images.image_size)
    return {
        "images": images,
        **{kind: rows(part, index) for kind, part in parts.items()},
        "names": names,
        "titles": titles if labels else None,
        "image_sizes": rows(image_sizes, index),
        "frames": frames,
        "index": index,
    }


def _check_boxes(boxes, name):
    _check_fractions(BBOX.checked(boxes, name), name)


def _check_landmarks(landmarks, name):
    if landmarks.shape[1] % 2:
        raise InputError(
            f"{name} must hold x and y of each point, got the shape {landmarks.shape}"
        )
    _check_fractions(landmarks, name)


def _check_attributes(attributes, name):
    known = attributes[~np.isnan(attributes)]
    if known.size and not 0 <= known.min() <= known.max() <= 1:
        raise InputError(
            f"{name} must lie in 0 to 1, got values from {known.min():g} to "
            f"{known.max():g}"
        )


def _check_fractions(value, name):
    if not np.isfinite(value).all() or np.abs(value).max() > MOST_FRACTION:
        raise InputError(
            f"{name} must be fractions of the photo's width and height, got values "
            f"from {value.min():g} to {value.max():g}; skface.datasets.to_fractions "
            "turns pixels into them"
        )


_CHECKS = {
    BBOX.plural: _check_boxes,
    LANDMARKS.plural: _check_landmarks,
    ATTRIBUTES.plural: _check_attributes,
}
