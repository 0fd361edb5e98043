"""Scores of boxes and landmarks."""

from numbers import Integral, Real

import numpy as np

from skface._boxes import ious
from skface._naming import names_of, ordered
from skface._validation import as_floats, as_sizes, averaged
from skface.exceptions import InputError, ParameterError


def iou_score(y_true, y_pred, *, sample_weight=None, average=True):
    """Intersection over union of boxes: 1 is perfect, 0 is no overlap.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, 4)
        x, y, width, height; in pixels or in fractions of the photo: the score is the
        same.
    sample_weight : array-like of shape (n_samples,), default=None
    average : bool, default=True
        False gives the score of every box.

    Returns
    -------
    float, or ndarray of shape (n_samples,)

    Raises
    ------
    InputError
        The shapes differ or are no boxes, or values are not finite.

    Examples
    --------
    >>> from skface.metrics import iou_score
    >>> iou_score([[0, 0, 2, 2]], [[1, 0, 2, 2]])
    0.3333333333333333
    """
    y_true, y_pred = _pair(y_true, y_pred, n_columns=4)
    return averaged(ious(y_true, y_pred), sample_weight, average)


def nme_score(
    y_true, y_pred, *, image_sizes=None, eyes=(0, 1), sample_weight=None, average=True
):
    """Normalised mean error of landmarks: 0 is perfect.

    The mean distance of a photo's points to where they should be, over the distance
    between its eyes, as in [1]_.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples, 2 * n_points)
        x, y of each point.
    image_sizes : array-like of shape (n_samples, 2) or (2,), default=None
        (width, height) of the photos in pixels: give it where the coordinates are
        fractions and the photos are not square, or the axes count unequally.
    eyes : (int, int), default=(0, 1)
        Which points are the eyes.
    sample_weight : array-like of shape (n_samples,), default=None
    average : bool, default=True
        False gives the error of every photo.

    Returns
    -------
    float, or ndarray of shape (n_samples,)

    Raises
    ------
    InputError
        The shapes differ or are no points, values are not finite, or the eyes of a
        photo coincide.
    ParameterError
        `eyes` are no two of the points.

    References
    ----------
    .. [1] Z. Zhang, P. Luo, C. C. Loy and X. Tang, "Facial Landmark Detection by Deep
       Multi-task Learning", ECCV 2014.

    Examples
    --------
    >>> from skface.metrics import nme_score
    >>> nme_score([[0, 0, 10, 0, 5, 5]], [[0, 3, 10, 0, 5, 5]])
    0.1
    """
    y_true, y_pred = _pair(y_true, y_pred)
    if y_true.shape[1] < 4 or y_true.shape[1] % 2:
        raise InputError(
            f"landmarks need an even number of columns, 4 or more; got {y_true.shape}"
        )
    points, found = (y.reshape(len(y), -1, 2) for y in (y_true, y_pred))
    if image_sizes is not None:
        sizes = as_sizes(image_sizes, len(points))[:, None]
        points, found = points * sizes, found * sizes
    n_points = points.shape[1]
    if not (
        isinstance(eyes, tuple | list)
        and len(eyes) == 2
        and all(isinstance(eye, Integral) and 0 <= eye < n_points for eye in eyes)
        and eyes[0] != eyes[1]
    ):
        raise ParameterError(
            f"eyes must be the numbers of two of {n_points} points, got {eyes!r}"
        )
    left, right = eyes
    between_eyes = np.linalg.norm(points[:, left] - points[:, right], axis=1)
    if not between_eyes.all():
        raise InputError(
            f"the eyes of row {between_eyes.argmin()} coincide: its error cannot be "
            "put in relation to their distance"
        )
    distances = np.linalg.norm(points - found, axis=2).mean(axis=1)
    return averaged(distances / between_eyes, sample_weight, average)


def failure_rate(
    y_true,
    y_pred,
    *,
    threshold=0.1,
    image_sizes=None,
    eyes=(0, 1),
    sample_weight=None,
) -> float:
    """Share of the photos whose `nme_score` is above a threshold.

    Parameters
    ----------
    y_true, y_pred, image_sizes, eyes, sample_weight
        As for `nme_score`.
    threshold : float, default=0.1
        The field's usual 10 % of the distance between the eyes.

    Returns
    -------
    float

    Raises
    ------
    InputError
        As `nme_score`.
    ParameterError
        The threshold is no number, or negative.

    Examples
    --------
    >>> from skface.metrics import failure_rate
    >>> failure_rate([[0, 0, 10, 0]] * 2, [[0, 0, 10, 0], [0, 4, 10, 0]])
    0.5
    """
    if not (isinstance(threshold, Real) and threshold >= 0):
        raise ParameterError(f"threshold must be 0 or more, got {threshold!r}")
    errors = nme_score(
        y_true, y_pred, image_sizes=image_sizes, eyes=eyes, average=False
    )
    return averaged((errors > threshold).astype(float), sample_weight, True)


def _pair(y_true, y_pred, n_columns=None):
    y_pred = ordered(y_pred, names_of(y_true), "y_pred")
    y_true, y_pred = as_floats(y_true, "y_true"), as_floats(y_pred, "y_pred")
    if y_true.shape != y_pred.shape or y_true.ndim != 2 or not len(y_true):
        raise InputError(
            "y_true and y_pred must have one shape (n_samples, n_columns), got "
            f"{y_true.shape} and {y_pred.shape}"
        )
    if n_columns and y_true.shape[1] != n_columns:
        raise InputError(
            f"expected {n_columns} columns (x, y, width, height), got {y_true.shape[1]}"
        )
    return y_true, y_pred
